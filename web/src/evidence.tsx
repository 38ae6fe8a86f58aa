// The published studies: filters, what they come to, forest plots, harms, and each row with its source.
import { useMemo, useState } from "react";
import { useGet } from "./hooks";
import { save } from "./numbers";
import { Field, Forest, Loading, Problems, type Row } from "./parts";

type Line = Record<string, string | number | null>;
interface Harm { term: string; unit: string; all: { typical_pct: number; ci_pct: [number, number]; k: number; total: number; remark: string } | null }
interface Votes { studies: number; relief: number; worse: number; mixed: number; no_sign: number; share: number | null; low: number | null; high: number | null; caveat: string }
interface Answer {
  version: number; digest: string; words: { heading: string; text: string }[]; rows: { animal: Line[]; human: Line[] };
  animals: { directions: Record<string, Votes>; effect_sizes: { why: string; pooled: unknown }; onset: { intervals: Interval[] }; duration: { intervals: Interval[] } };
  people: { relief: Line[]; adverse_events: Harm[]; risk_ratios: Line[]; cases_of_harm: Line[] };
}
interface Interval { study: string; low_d: number | null; high_d: number | null; certainty: string }
const NAMES: Record<string, string> = { species: "Species", model: "Injury model", condition: "Condition of people", cells: "Cells", route: "Route", outcome: "Outcome", effect: "Effect", certainty: "How it was read" };

export default function EvidencePage() {
  const words = useGet<Record<string, Record<string, string>>>("/api/evidence/words");
  const [chosen, choose] = useState<Record<string, string>>({});
  const query = new URLSearchParams(Object.entries(chosen).filter(([, v]) => v)).toString();
  const found = useGet<Answer>(`/api/evidence?${query}`);
  return (
    <div className="page">
      <h1>Evidence</h1>
      <p>What others found, in animals and in people, with those that disagree. Choose, and everything below is weighed anew.</p>
      <Problems list={[...words.problems, ...found.problems]} />
      <form className="filters" aria-label="Filters" onSubmit={(e) => e.preventDefault()}>
        {Object.entries(words.value ?? {}).map(([name, known]) => (
          <Field key={name} label={NAMES[name] ?? name}>{(ids) => (
            <select {...ids} value={chosen[name] ?? ""} onChange={(e) => choose({ ...chosen, [name]: e.target.value })}>
              <option value="">all</option>{Object.entries(known).map(([word, meaning]) => <option key={word} value={word} title={meaning}>{word.replaceAll("_", " ")}</option>)}
            </select>)}</Field>))}
        <button type="button" className="quiet" onClick={() => choose({})}>All studies</button>
      </form>
      {found.value ? <Found answer={found.value} /> : !found.problems.length && <Loading what="Weighing the studies" />}
    </div>
  );
}

function Found({ answer }: { answer: Answer }) {
  const { animals, people } = answer;
  const votes = Object.entries(animals.directions ?? {}).filter(([, v]) => v.studies).map(([name, v]): Row => ({
    label: name === "all" ? "any test of pain" : name, estimate: v.share === null ? null : 100 * v.share, low: v.low === null ? null : 100 * v.low, high: v.high === null ? null : 100 * v.high,
    note: `${v.relief} relief, ${v.worse} worse, ${v.mixed} mixed, ${v.no_sign} no sign, of ${v.studies}` }));
  const harms = people.adverse_events.filter((h) => h.all).map((h): Row => ({ label: `${h.term.replaceAll("_", " ")} (${h.unit})`, estimate: h.all!.typical_pct, low: h.all!.ci_pct[0], high: h.all!.ci_pct[1], note: `${h.all!.k} studies, ${h.all!.total} ${h.unit}. ${h.all!.remark}` }));
  const ratios = people.risk_ratios.map((r): Row => ({ label: `${String(r.ae_term ?? r.outcome).replaceAll("_", " ")}, ${r.study}`, estimate: num(r.estimate), low: num(r.estimate_low), high: num(r.estimate_high), note: `${r.n_treated ?? "?"} treated` }));
  const relief = people.relief.map((r): Row => ({ label: String(r.study), estimate: num(r.share_pct), low: pair(r, 0), high: pair(r, 1), note: `${r.events} of ${r.denominator}; ${r.controlled ? "with" : "without"} a control group` }));
  const lasting = (animals.duration?.intervals ?? []).map((i): Row => ({ label: i.study, estimate: null, low: i.low_d, high: i.high_d ?? i.low_d, open: i.high_d === null, note: i.high_d === null ? "still there when last looked" : "ended between these days" }));
  return (
    <>
      <section className="card"><h2>Animals</h2>
        <Forest title="Share of studies that report relief, 95 % interval" rows={votes} unit="per cent of studies" line={50} left="worse" right="relief" />
        <p className="hint">{animals.effect_sizes?.why}</p>
        <Forest title="How long relief lasted, where it was followed" rows={lasting} unit="days" log /></section>
      <section className="card"><h2>People</h2>
        <Forest title="Less pain after cells, without comparison unless said" rows={relief} unit="per cent of people" />
        <Forest title="Harms that were counted, pooled" rows={harms} unit="per cent" />
        <Forest title="Harms compared with no cells, risk ratio" rows={ratios} unit="ratio" line={1} log left="less harm" right="more harm" />
        {people.cases_of_harm.length > 0 && <><h3>Single cases of harm: how often is unknown</h3><ul>{people.cases_of_harm.map((c, k) => <li key={k}>{String(c.ae_term).replaceAll("_", " ")}, {c.study} ({c.reference})</li>)}</ul></>}</section>
      <Rows answer={answer} />
      <section className="card"><h2>All of it in words</h2>
        <details><summary>{answer.words.length} lines</summary>
          {answer.words.map((w, k) => (w.text ? <p key={k} className="told"><strong>{w.heading}:</strong> {w.text}</p> : <h3 key={k}>{w.heading}</h3>))}</details></section>
    </>
  );
}

const num = (v: unknown): number | null => (typeof v === "number" ? v : null);
const pair = (r: Record<string, unknown>, k: number): number | null => (Array.isArray(r.ci_pct) ? num(r.ci_pct[k]) : null);

function Rows({ answer }: { answer: Answer }) {
  const [kind, see] = useState<"animal" | "human">("animal");
  const [sought, seek] = useState("");
  const rows = useMemo(() => answer.rows[kind].filter((r) => !sought || JSON.stringify(Object.values(r)).toLowerCase().includes(sought.toLowerCase())), [answer, kind, sought]);
  const columns = kind === "animal" ? ["study", "species", "model", "cells", "route", "outcome", "effect", "certainty", "reference"] : ["study", "condition", "cells", "route", "outcome", "ae_term", "effect", "certainty", "reference"];
  return (
    <section className="card"><h2>The rows</h2>
      <div className="bar">
        <button type="button" aria-pressed={kind === "animal"} onClick={() => see("animal")}>Animals ({answer.rows.animal.length})</button>
        <button type="button" aria-pressed={kind === "human"} onClick={() => see("human")}>People ({answer.rows.human.length})</button>
        <Field label="Find">{(ids) => <input type="search" value={sought} onChange={(e) => seek(e.target.value)} {...ids} />}</Field>
        <button type="button" className="quiet" onClick={() => save(`evidence-${kind}.json`, JSON.stringify(rows, null, 1), "application/json")}>Save these rows</button>
      </div>
      <div className="scroll tall" tabIndex={0} role="region" aria-label="Rows of the evidence tables">
        <table><caption>Tables version {answer.version} ({answer.digest}); {rows.length} rows</caption>
          <thead><tr>{columns.map((c) => <th key={c} scope="col">{c.replaceAll("_", " ")}</th>)}</tr></thead>
          <tbody>{rows.map((r, k) => <tr key={k}>{columns.map((c) => <td key={c}>{r[c] ?? <span className="unread">not read</span>}</td>)}</tr>)}</tbody></table>
      </div>
    </section>
  );
}

// The published studies: filters, what they come to, forest plots, harms, and each row with its source.
import { useEffect, useMemo, useState } from "react";
import { type Closer, type Problem, get } from "./api";
import { Forest, type Row } from "./forest";
import { problemsOf, useGet } from "./hooks";
import { Undo, useKept } from "./kept";
import { csv, save } from "./numbers";
import type { Animals, Certainty as Sure, EffectSizes, Evidence, Relief, Times } from "./openapi";
import { Choice, Field, Loading, Problems } from "./parts";
import { Table } from "./table";

type Ends = [number | null, number | null];
/** What the description leaves open: the experiments behind the pooled effect. */
type Sizes = Closer<EffectSizes, { effects: { study: string; label: string; g: number; variance: number }[]; pooled: { estimate: number; ci?: Ends; low?: number; high?: number; prediction_interval?: Ends } | null }>;
type Answer = Closer<Evidence, { animals: Closer<Animals, { effect_sizes: Sizes }> }>;
type Words = Record<string, Record<string, string>>;
const NAMES: Record<string, string> = { species: "Species", model: "Injury model", condition: "Condition of people", cells: "Cells", route: "Route", outcome: "Outcome", effect: "Effect", certainty: "How it was read" };
const NONE = Object.fromEntries(Object.keys(NAMES).map((name) => [name, ""]));

/** `vaquero2018_pain` as "Vaquero 2018, pain". */
function called(study: unknown): string {
  const found = /^([a-z]+)(\d{4})(?:_(.*))?$/.exec(String(study));
  const text = found ? `${found[1]} ${found[2]}${found[3] ? `, ${found[3]}` : ""}` : String(study);
  return (text.charAt(0).toUpperCase() + text.slice(1)).replaceAll("_", " ");
}
const plain = (word: unknown) => String(word).replaceAll("_", " ");
const many = (n: number, one: string, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;
const num = (v: unknown): number | null => (typeof v === "number" ? v : null);

/** Filters stand in the address, so that a selection can be shared; the last ones come back after a reload. */
function useAnswer() {
  const given = useMemo(() => {
    const found = Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => name in NAMES));
    return Object.keys(found).length ? { ...NONE, ...found } : null;
  }, []);
  const chosen = useKept<Record<string, string>>("evidence", NONE, given);
  const query = new URLSearchParams(Object.entries(chosen.value).filter(([name, word]) => word && name in NAMES)).toString();
  const [found, set] = useState<{ answer: Answer | null; query: string; problems: Problem[] }>({ answer: null, query: "", problems: [] });
  useEffect(() => {
    history.replaceState(null, "", `${location.pathname}${query ? `?${query}` : ""}${location.hash}`);
    const stop = new AbortController();
    get<Answer>(`/api/evidence?${query}`, stop.signal).then((answer) => set({ answer, query, problems: [] }),
      (error: unknown) => { if (!stop.signal.aborted) set({ answer: null, query, problems: problemsOf(error) }); });
    return () => stop.abort();
  }, [query]);
  return { chosen, found, busy: found.query !== query || (!found.answer && !found.problems.length) };
}

export default function EvidencePage() {
  const words = useGet<Words>("/api/evidence/words");
  const { chosen, found, busy } = useAnswer();
  const known = words.value ?? {};
  const mean = (column: string, word: unknown) => (word === null || word === undefined || word === "" ? "" : known[column]?.[String(word)] ?? plain(word));
  const { answer } = found;
  return (
    <div className="page">
      <h1>Evidence</h1>
      <p>What others found, in animals and in people, with those that disagree. Choose, and everything below is weighed anew.</p>
      <Problems list={[...words.problems, ...found.problems]} />
      <form className="filters" aria-label="Filters" onSubmit={(e) => e.preventDefault()}>
        {Object.entries(NAMES).map(([name, label]) => (
          <Field key={name} label={label}>{(ids) => (
            <select {...ids} value={chosen.value[name] ?? ""} onChange={(e) => chosen.set({ ...chosen.value, [name]: e.target.value })}>
              <option value="">all</option>{Object.entries(known[name] ?? {}).map(([word, meaning]) => (
                <option key={word} value={word} title={meaning}>{meaning.startsWith("group: ") ? `${plain(word)} (${plain(meaning)})` : meaning}</option>))}
            </select>)}</Field>))}
        <div className="row"><button type="button" className="quiet" onClick={() => chosen.set(NONE)}>All studies</button><Undo kept={chosen} /></div>
      </form>
      <p role="status" className="said">{busy ? "Weighing the studies …" : answer ? `${many(answer.rows.animal.length, "row")} from animals and ${many(answer.rows.human.length, "row")} from people.` : ""}</p>
      {answer ? <Found answer={answer} mean={mean} /> : !found.problems.length && <Loading what="Weighing the studies" />}
    </div>
  );
}

type Mean = (column: string, word: unknown) => string;
const Certain = ({ about, sure }: { about: string; sure: Sure }) => <p><strong>{about}: {sure.level}.</strong> {sure.reasons.length ? `Why not surer: ${sure.reasons.join("; ")}.` : ""}</p>;

function Found({ answer, mean }: { answer: Answer; mean: Mean }) {
  return (
    <>
      <Animals answer={answer} mean={mean} />
      <People answer={answer} mean={mean} />
      <Rows answer={answer} mean={mean} />
      <section className="card"><h2>All of it in words</h2>
        <details><summary>{many(answer.words.length, "line")}</summary>
          {answer.words.map((w, k) => (w.text ? <p key={k} className="told"><strong>{w.heading}:</strong> {w.text}</p> : <h3 key={k}>{w.heading}</h3>))}</details></section>
    </>
  );
}

function Animals({ answer, mean }: { answer: Answer; mean: Mean }) {
  const { animals } = answer;
  const votes = Object.entries(animals.directions ?? {}).filter(([, v]) => v.studies).map(([name, v]): Row => ({
    label: name === "all" ? "any test of pain" : mean("outcome", name), estimate: v.share === null ? null : 100 * v.share, low: v.low === null ? null : 100 * v.low, high: v.high === null ? null : 100 * v.high,
    note: `${v.relief} relief, ${v.worse} worse, ${v.mixed} mixed, ${v.no_sign} no sign, of ${v.studies}` }));
  const spans = (times: Times) => times.intervals.map((i): Row => ({ label: called(i.study), estimate: null, low: i.low_d, high: i.high_d ?? i.low_d, open: i.high_d === null,
    note: i.high_d === null ? "still there when last looked" : "between these looks" }));
  const { effects, pooled } = animals.effect_sizes;
  const sizes = effects.map((e): Row => ({ label: called(e.study), estimate: e.g, low: e.g - 1.96 * Math.sqrt(e.variance), high: e.g + 1.96 * Math.sqrt(e.variance), note: plain(e.label) }));
  if (pooled) sizes.push({ label: "pooled", pooled: true, estimate: pooled.estimate, low: pooled.ci?.[0] ?? pooled.low ?? null, high: pooled.ci?.[1] ?? pooled.high ?? null, predicted: pooled.prediction_interval });
  const printed = animals.published_pooled.filter((p) => p.smd !== null).map((p): Row => ({ label: called(p.study), estimate: p.smd, low: p.ci[0], high: p.ci[1], note: [mean("outcome", p.outcome), mean("cells", p.cells), p.note].filter(Boolean).join("; ") }));
  if (!answer.rows.animal.length) return <section className="card"><h2>Animals</h2><p>No study of animals fits this choice.</p></section>;
  return (
    <section className="card"><h2>Animals</h2>
      {votes.length ? <Certain about="How sure for animals" sure={animals.certainty_for_animals} /> : <p>The studies that fit compare no pain with and without cells.</p>}
      {votes.length > 0 && <Certain about="How sure for people" sure={animals.certainty_for_people} />}
      <Forest name="evidence-directions" title="Share of studies that report relief, 95 % interval" hint={animals.directions.all?.caveat} rows={votes} unit="per cent of studies" line={50} left="worse" right="relief" range={[0, 100]} />
      <Forest name="evidence-effect-sizes" title="Size of the effect (Hedges' g)" rows={sizes} unit="standard deviations" line={0} left="worse" right="relief" />
      {animals.effect_sizes.why && <p className="hint">{animals.effect_sizes.why}</p>}
      <Forest name="evidence-printed" title="Pooled effects as others printed them" hint="Shown, never pooled again." rows={printed} unit="standard deviations" line={0} left="worse" right="relief" />
      <Forest name="evidence-onset" title="When relief began, days after the first dose" rows={spans(animals.onset)} unit="days" />
      <Forest name="evidence-duration" title="How long relief lasted, where it was followed" rows={spans(animals.duration)} unit="days" log /></section>
  );
}

function People({ answer, mean }: { answer: Answer; mean: Mean }) {
  const { people } = answer;
  const share = (r: Relief): Row => ({ label: called(r.study), estimate: r.share_pct, low: r.ci_pct?.[0] ?? null, high: r.ci_pct?.[1] ?? null,
    note: [r.events !== null && r.denominator ? `${r.events} of ${r.denominator}` : "", mean("condition", r.condition), r.controlled ? "with a control group" : "without a control group", r.note].filter(Boolean).join("; ") });
  const harms = people.adverse_events.filter((h) => h.all).map((h): Row => ({ label: `${mean("ae_term", h.term)} (of ${h.unit})`, pooled: h.all!.k > 1, estimate: h.all!.typical_pct, low: h.all!.ci_pct[0], high: h.all!.ci_pct[1],
    predicted: h.all!.prediction_interval_pct ?? undefined, note: `${many(h.all!.k, "study", "studies")}, ${h.all!.events} in ${h.all!.total} ${h.unit}. ${h.all!.remark}` }));
  const ratios = people.risk_ratios.map((r): Row => ({ label: `${mean("ae_term", r.ae_term ?? r.outcome)}, ${called(r.study)}`, estimate: num(r.estimate), low: num(r.estimate_low), high: num(r.estimate_high),
    note: [`compared with: ${mean("comparator", r.comparator)}`, `given ${mean("route", r.route)}`, r.n_treated ? `${r.n_treated} people` : "", r.measure === "or" ? "odds ratio" : "", r.note].filter(Boolean).join("; ") }));
  if (!answer.rows.human.length) return <section className="card"><h2>People</h2><p>No study of people fits this choice.</p></section>;
  return (
    <section className="card"><h2>People</h2>
      {people.relief.length > 0 && <Certain about="How sure that cells relieve" sure={people.certainty_of_relief} />}
      <Forest name="evidence-relief" title="Less pain after cells, without comparison unless said" rows={people.relief.map(share)} unit="per cent of people" range={[0, 100]} />
      <Forest name="evidence-placebo" title="Less pain after placebo, for comparison" rows={people.placebo.map(share)} unit="per cent of people" range={[0, 100]} />
      <Forest name="evidence-harms" title="Harms that were counted, pooled" hint="Diamond: several studies; dotted: where another study would lie." rows={harms} unit="per cent" range={[0, 1]} />
      <OneHarm answer={answer} mean={mean} />
      <Forest name="evidence-ratios" title="Harms compared, ratio of risks" hint="Not every comparison is with no cells: see the remark." rows={ratios} unit="ratio" line={1} log left="less harm" right="more harm" />
      {people.cases_of_harm.length > 0 && <><h3>Single cases of harm: how often is unknown</h3><ul>{people.cases_of_harm.map((c, k) => <li key={k}>{mean("ae_term", c.ae_term)}, {called(c.study)} ({c.reference}){c.note ? `: ${c.note}` : ""}</li>)}</ul></>}</section>
  );
}

/** The studies behind one pooled harm. */
function OneHarm({ answer, mean }: { answer: Answer; mean: Mean }) {
  const harms = answer.people.adverse_events.filter((h) => h.all && (answer.counts[`${h.term} ${h.unit}`]?.length ?? 0) > 1);
  const [chosen, choose] = useState("headache injections");
  const harm = harms.find((h) => `${h.term} ${h.unit}` === chosen) ?? harms[0];
  if (!harm?.all) return null;
  const key = `${harm.term} ${harm.unit}`;
  const rows = (answer.counts[key] ?? []).map((c): Row => ({ label: called(c.study), estimate: c.share_pct, low: c.ci_pct?.[0] ?? null, high: c.ci_pct?.[1] ?? null, note: `${c.events} of ${c.total}; ${c.status}${c.note ? `: ${c.note}` : ""}` }));
  rows.push({ label: "pooled", pooled: true, estimate: harm.all.typical_pct, low: harm.all.ci_pct[0], high: harm.all.ci_pct[1], predicted: harm.all.prediction_interval_pct ?? undefined, note: `${harm.all.remark} ${harm.comparator}`.trim() });
  return (
    <>
      <div className="bar"><Choice label="One harm, study by study" value={key} options={harms.map((h) => ({ value: `${h.term} ${h.unit}`, label: `${mean("ae_term", h.term)} (of ${h.unit})` }))} onChange={choose} /></div>
      <Forest name={`evidence-${harm.term}`} title={`${mean("ae_term", harm.term)}, of ${harm.unit}`} hint="Exact 95 % limits for each study." rows={rows} unit="per cent" range={[0, 1]} />
    </>
  );
}

const COLUMNS = { animal: ["study", "species", "model", "cells", "route", "outcome", "effect", "certainty", "reference"], human: ["study", "condition", "cells", "route", "outcome", "ae_term", "effect", "certainty", "reference"] };
const LONG = ["model", "cells", "route", "condition", "ae_term"]; // their words are short forms
const HEADS: Record<string, string> = { ...NAMES, study: "Study", ae_term: "Harm", reference: "Reference", condition: "Condition" };

function Rows({ answer, mean }: { answer: Answer; mean: Mean }) {
  const [kind, see] = useState<"animal" | "human">("animal");
  const [sought, seek] = useState("");
  const columns = COLUMNS[kind];
  const rows = useMemo(() => answer.rows[kind].filter((r) => !sought || `${JSON.stringify(Object.values(r))} ${columns.map((c) => mean(c, r[c])).join(" ")}`.toLowerCase().includes(sought.toLowerCase())), [answer, kind, sought, mean]);
  const whole = () => { const names = Object.keys(rows[0] ?? {}); return csv(names, rows.map((r) => names.map((n) => (typeof r[n] === "number" ? r[n] : String(r[n] ?? ""))))); };
  return (
    <section className="card"><h2>The rows</h2>
      <div className="bar">
        <button type="button" aria-pressed={kind === "animal"} onClick={() => see("animal")}>Animals ({answer.rows.animal.length})</button>
        <button type="button" aria-pressed={kind === "human"} onClick={() => see("human")}>People ({answer.rows.human.length})</button>
        <Field label="Find">{(ids) => <input type="search" value={sought} onChange={(e) => seek(e.target.value)} {...ids} />}</Field>
        <button type="button" className="quiet" onClick={() => save(`evidence-${kind}.csv`, whole(), "text/csv")}>Save as CSV</button>
        <button type="button" className="quiet" onClick={() => save(`evidence-${kind}.json`, JSON.stringify(rows, null, 1), "application/json")}>Save as JSON</button>
      </div>
      <Table label="Rows of the evidence tables" tall columns={columns.map((c) => HEADS[c] ?? c)} caption={`Tables version ${answer.version} (${answer.digest}); ${many(rows.length, "row")}`} small={[8]}
             rows={rows.map((r) => columns.map((c) => (c === "study" ? called(r.study) : r[c] === null || r[c] === undefined ? <span className="unread">not read</span> : LONG.includes(c) ? mean(c, r[c]) : plain(r[c]))))} />
    </section>
  );
}

// Real data: drop a notebook, see what was found odd, the readings, the analysis, and a simulation over it.
import { type DragEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { type Catalogue, type Closer, type Preview, type Problem, fill, get } from "./api";
import { COLOURS, Chart, type Curve, DASHES } from "./chart";
import { Forest, type Row } from "./forest";
import { look, problemsOf, useGet, useKept, vehiclesOf } from "./hooks";
import { forget, putAway, shelved } from "./kept";
import { csv, save, three } from "./numbers";
import type { Notebook, Reading, Stage } from "./openapi";
import { Choice, Problems } from "./parts";
import { stored } from "./state";
import { data, pruned } from "./study";
import { Table } from "./table";

interface Test { assay: string; paw: string; stimulus: string }
interface Contrast extends Test { name: string; day: number | null; estimate?: number; estimate_log10_g?: number; low: number; high: number; p_adjusted?: number | null; unit: string }
interface Finding { kind: string; what: string; action: string; severity: string; animal: string; day: number | null; where?: string; likely_cause?: string }
interface Spread extends Test { unit: string; arm: string; visits: string; animals: number; within_animal_sd: number | null; between_animal_sd: number | null; icc: number | null; icc_low: number | null; icc_high: number | null }
interface Other extends Test { analysis: string; name: string; day: number | null; estimate: number; low: number; high: number; p_adjusted: number | null; unit: string }
/** What the description leaves open, as the page reads it. */
type Answer = Closer<Notebook, {
  contrasts: Contrast[]; findings: Finding[]; sensitivity: Other[]; conclusions: { kind: string; text: string; test: string }[]; not_analysed: { test: string; reason: string }[];
  variability: { groups: Spread[]; published: { condition: string; animals: number; within_animal_sd: number; between_animal_sd: number; icc: number }[]; published_source: string };
}>;
interface Kept { answer: Answer; files: File[]; reference: string; species: string }

const KEPT = "data";
const SENDING: Stage = { words: "sending the files", done: 0, total: 1 };
const ACCEPTED = ".xlsx,.csv,.txt,.tsv,.yaml,.yml";
const many = (n: number, one: string, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;
const plain = (word: string) => word.replaceAll("_", " ");
const key = (t: Test) => [t.assay, t.paw, t.stimulus].join("|");
const named = (t: Test) => [plain(t.assay), t.paw, t.stimulus].filter(Boolean).join(", ");

export default function DataPage() {
  const [kept, keep] = useState<Kept | null>(null);
  const [problems, tell] = useState<Problem[]>([]);
  const [busy, work] = useState<AbortController | null>(null);
  const [ticket, follow] = useState("");
  const stage = useStage(busy ? ticket : "");
  const [over, hover] = useState(false);
  const [species, choose] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => { shelved<Kept>(KEPT).then((found) => { if (found) { keep((now) => now ?? found); choose(found.species); } }, () => undefined); }, []);
  useNoDropBeside();

  async function read(files: File[], reference = "", of = species) {
    if (!files.length) return;
    busy?.abort();
    const stop = new AbortController();
    work(stop);
    tell([]);
    const body = new FormData();
    for (const file of files) body.append("files", file);
    if (reference) body.append("reference", reference);
    if (of) body.append("species", of);
    const word = crypto.randomUUID?.() ?? String(Math.random()).slice(2); // only pages of this machine or of TLS have the first
    body.append("ticket", word);
    follow(word);
    try {
      const response = await fetch("/api/data", { method: "POST", body, signal: stop.signal });
      const found = (await response.json()) as Answer & { problems?: Problem[] };
      if (response.ok) {
        const next = { answer: found, files, reference, species: of };
        keep(next);
        putAway(KEPT, next).catch(() => undefined); // where the browser's store is full, a reload loses it
      } else {
        keep(null);
        tell(renamed(found.problems ?? [], files));
      }
    } catch (error) { if (!stop.signal.aborted) tell(problemsOf(error)); }
    work((now) => (now === stop ? null : now));
  }
  function drop(event: DragEvent) {
    event.preventDefault();
    hover(false);
    void read([...event.dataTransfer.files]);
  }
  function remove() {
    keep(null);
    tell([]);
    forget(KEPT).catch(() => undefined);
  }

  return (
    <div className="page">
      <h1>Data</h1>
      <p>Your own behavioural data, read and analysed by the code that reads simulated animals. The files stay on this machine: the server removes them after the analysis, this browser keeps them until you remove them.</p>
      <div className={`drop${over ? " over" : ""}`} onDragOver={(e) => { e.preventDefault(); hover(true); }} onDragLeave={() => hover(false)} onDrop={drop}>
        <p>Drop XLSX or CSV notebooks here, or</p>
        <button type="button" className="main" onClick={() => input.current?.click()} disabled={busy !== null}>Choose files</button>
        <input ref={input} type="file" multiple accept={ACCEPTED} hidden aria-label="Notebook files" onChange={(e) => { void read([...(e.target.files ?? [])]); e.target.value = ""; }} />
        <p className="hint">Long or wide: up–down series, thresholds, latencies, counts, scores. At most 8 files, 20 MB together. Where a column is not understood, add a mapping file (YAML) that says what it means: <code>columns: {"{animal: Tiernummer}"}</code>.</p>
        <button type="button" className="quiet" onClick={() => save("example.csv", EXAMPLE, "text/csv")}>Save an empty example to fill in</button>
      </div>
      <div className="bar">
        <Choice label="Species (for the set of filaments)" value={species} options={[{ value: "", label: "as the file says, else mouse" }, "mouse", "rat"]} onChange={(of) => { choose(of); if (kept) void read(kept.files, kept.reference, of); }} />
        {kept && <button type="button" className="quiet" onClick={remove}>Remove the files from this browser</button>}
      </div>
      <p role="status">{busy ? `Working: ${stage.words} …` : kept ? `${Object.values(kept.answer.names).join(", ")}: ${many(kept.answer.count, "reading")} of ${many(kept.answer.animals, "animal")} in ${many(kept.answer.groups.length, "group")}.` : ""}</p>
      {busy && <p className="bar"><progress max={stage.total} value={stage.done} aria-label="Reading of the files, done" /><button type="button" className="quiet" onClick={() => { busy.abort(); work(null); }}>Stop</button></p>}
      <Problems list={problems} />
      {kept && <Found key={Object.values(kept.answer.names).join()} answer={kept.answer} reference={kept.reference} choose={(group) => void read(kept.files, group)} />}
    </div>
  );
}

const EXAMPLE = "animal,group,day,threshold\nm1,vehicle,-1,\nm1,vehicle,3,\nm2,cells,-1,\nm2,cells,3,\n";

/** What the server does with an upload, asked for twice a second. */
function useStage(ticket: string): Stage {
  const [stage, set] = useState<Stage>(SENDING);
  useEffect(() => {
    set(SENDING);
    if (!ticket) return;
    const stop = new AbortController();
    const ask = setInterval(() => void get(fill("/api/data/stages/{ticket}", { ticket }), stop.signal).then(set, () => undefined), 500);
    return () => { clearInterval(ask); stop.abort(); };
  }, [ticket]);
  return stage;
}

/** A file that misses the field must not replace the page. */
function useNoDropBeside() {
  useEffect(() => {
    const stop = (event: Event) => event.preventDefault();
    for (const name of ["dragover", "drop"]) addEventListener(name, stop);
    return () => { for (const name of ["dragover", "drop"]) removeEventListener(name, stop); };
  }, []);
}

function renamed(problems: Problem[], files: File[]): Problem[] {
  const name = (text: string) => text.replace(/\bfile(\d)\.\w+/g, (all, k: string) => files[Number(k) - 1]?.name ?? all);
  return problems.map((p) => ({ ...p, where: name(p.where), what: name(p.what), remedy: name(p.remedy) }));
}

function Found({ answer, reference, choose }: { answer: Answer; reference: string; choose: (group: string) => void }) {
  const tests = useMemo(() => [...new Map([...answer.means, ...answer.readings].map((m) => [key(m), m as Test])).values()], [answer]);
  const [wanted, see] = useState("");
  const test = tests.find((t) => key(t) === wanted) ?? tests[0];
  return (
    <>
      <Odd answer={answer} />
      {test && <>
        <Curves answer={answer} test={test} choice={<>
          {tests.length > 1 && <Choice label="Test" value={key(test)} options={tests.map((t) => ({ value: key(t), label: named(t) }))} onChange={see} />}
          <Choice label="Compared with" value={reference || (answer.means.find((m) => key(m) === key(test))?.reference ?? "")} options={answer.groups} onChange={choose} /></>} />
        <Readings answer={answer} test={test} />
        <Models answer={answer} test={test} /></>}
      <section className="card"><h2>What a reader may and may not conclude</h2>
        {answer.conclusions.length ? <ul>{answer.conclusions.map((c, k) => <li key={k}><strong>{c.kind}:</strong> {c.text}</li>)}</ul> : <p>Nothing: no two groups were compared.</p>}
        {answer.not_analysed.map((n) => <p key={n.test}>Not analysed: {n.test}: {n.reason}</p>)}
        <button type="button" className="quiet" onClick={() => save("analysis.json", JSON.stringify(answer, null, 1), "application/json")}>Save the whole analysis</button>
        <p className="hint">{answer.notice}</p>
      </section>
    </>
  );
}

function Odd({ answer }: { answer: Answer }) {
  const name = (text: string | undefined) => (text ?? "").replace(/\bfile\d\.\w+/g, (one) => answer.names[one] ?? one);
  const kinds = Object.entries(answer.counts).sort((a, b) => b[1] - a[1]);
  return (
    <section className="card"><h2>What was found odd</h2>
      {kinds.length ? <ul className="counts">{kinds.map(([kind, n]) => <li key={kind}><strong>{n}</strong> {plain(kind)}</li>)}</ul> : <p>Nothing.</p>}
      {answer.findings.length > 0 && <Table label="Findings" tall head={-1} caption={`Findings; nothing is dropped in silence${answer.findings.length > 300 ? "; the first 300, all of them in the file" : ""}`}
        columns={["Severity", "Kind", "Animal", "Day", "What", "What was done", "Where"]} small={[6]}
        rows={answer.findings.slice(0, 300).map((f) => [<span className={`badge ${f.severity}`}>{f.severity}</span>, plain(f.kind), f.animal, f.day ?? "", <>{f.what}{f.likely_cause ? <p className="hint">{f.likely_cause}</p> : null}</>, f.action, name(f.where)])} />}
      <button type="button" className="quiet" onClick={() => save("findings.json", JSON.stringify(answer.findings, null, 1), "application/json")}>Save the findings</button>
    </section>
  );
}

function Curves({ answer, test, choice }: { answer: Answer; test: Test; choice: ReactNode }) {
  const [simulated, simulate] = useState<Preview | null>(null);
  const [single, showSingle] = useState(true);
  const rows = useMemo(() => answer.means.filter((m) => key(m) === key(test)), [answer, test]);
  const log = rows[0]?.scale === "value_log10";
  const groups = [...new Set(rows.map((r) => r.group))];
  const curves = useMemo(() => {
    const colour = (group: string) => COLOURS[groups.indexOf(group) % COLOURS.length]!;
    const list = single ? animals(answer.readings.filter((r) => key(r) === key(test) && r.included && groups.includes(r.group)), log, colour) : [];
    for (const [k, group] of groups.entries()) {
      const mine = rows.filter((r) => r.group === group).sort((a, b) => a.day - b.day);
      const curve: Curve = { label: group, x: mine.map((r) => r.day), y: mine.map((r) => (log ? 10 ** r.mean : r.mean)), error: mine.map((r) => (log ? 10 ** (r.sem ?? 0) : r.sem ?? 0)), colour: colour(group), dash: DASHES[k % DASHES.length] };
      list.push(curve, { ...curve, kind: "points", unnamed: true });
    }
    return simulated && log ? [...list, ...overlay(simulated, 1.2 * Math.max(...rows.map((r) => r.day), 7))] : list;
  }, [answer, test, simulated, single]);
  return (
    <section className="card"><h2>Group curves</h2>
      <div className="bar">{choice}{log && <Overlay show={simulate} />}
        <label className="check"><input type="checkbox" checked={single} onChange={(e) => showSingle(e.target.checked)} /> Single animals</label></div>
      {curves.length > 0 && <Chart name="data" title={`${named(test)}: mean ± SEM`} xLabel="day" yLabel={log ? "50 % threshold (g)" : plain(test.assay)} curves={curves} log={log} summary={`${answer.groups.join(", ")}: means by day`} />}
      <button type="button" className="quiet" onClick={() => save("means.csv", csv(["assay", "paw", "stimulus", "group", "day", "mean", "sem", "n", "scale"], answer.means.map((m) => [m.assay, m.paw, m.stimulus, m.group, m.day, m.mean, m.sem ?? "", m.count, m.scale])), "text/csv")}>Save the means</button>
    </section>
  );
}

/** A thin line for each animal. */
function animals(readings: Reading[], log: boolean, colour: (group: string) => string): Curve[] {
  const each = new Map<string, Reading[]>();
  for (const r of readings) if (r.day !== null && r.value !== null && (!log || r.value > 0)) each.set(`${r.group} ${r.animal}`, [...(each.get(`${r.group} ${r.animal}`) ?? []), r]);
  return [...each].slice(0, 200).map(([label, mine]): Curve => {
    const sorted = mine.sort((a, b) => a.day! - b.day!);
    return { label, x: sorted.map((r) => r.day!), y: sorted.map((r) => r.value!), colour: colour(mine[0]!.group), faint: true, width: 1 };
  });
}

function overlay({ head, arrays }: Preview, last: number): Curve[] {
  if (head.baseline_log10_g === null) return [];
  return ([["arm", head.label, "#555555"], ["reference", head.reference_label, "#999999"]] as const).flatMap(([which, name, colour]): Curve[] => {
    if (!arrays[`${which}.mean`]) return [];
    const x = arrays.t_d!.filter((t) => t <= last);
    const change = (a: Float32Array) => Float64Array.from(a.subarray(0, x.length), (f) => 10 ** (head.baseline_log10_g! - f));
    return [{ label: `simulated: ${name}`, x, y: change(arrays[`${which}.mean`]!), low: change(arrays[`${which}.high`]!), high: change(arrays[`${which}.low`]!), bandLabel: "5–95 % of animals", colour, dash: [3, 3] }];
  });
}

function Readings({ answer, test }: { answer: Answer; test: Test }) {
  const mine = answer.readings.filter((r) => key(r) === key(test));
  const days = [...new Set(mine.map((r) => r.day))].sort((a, b) => (a ?? 0) - (b ?? 0));
  const each = [...new Map(mine.map((r) => [`${r.group} ${r.animal}`, r])).values()];
  const at = new Map(mine.map((r) => [`${r.group} ${r.animal} ${r.day}`, r]));
  return (
    <section className="card"><h2>Readings of each animal</h2>
      <details><summary>{many(mine.length, "reading")} of {many(each.length, "animal")}, {named(test)}{mine.some((r) => !r.included) ? "; those in brackets do not count" : ""}</summary>
        <Table label="Readings" tall caption={mine[0]?.value_log10 !== undefined && test.assay === "von_frey" ? "50 % threshold in g" : plain(test.assay)} columns={["Animal", "Group", ...days.map((d) => `day ${d ?? "?"}`)]}
               rows={each.map((a) => [a.animal, a.group, ...days.map((d) => { const r = at.get(`${a.group} ${a.animal} ${d}`); return !r || r.value === null ? "–" : r.included ? three(r.value) : `(${three(r.value)})`; })])} />
      </details>
      <button type="button" className="quiet" onClick={() => save("readings.csv", csv(["animal", "group", "day", "assay", "paw", "stimulus", "value", "value_log10", "included"], answer.readings.map((r) => [r.animal, r.group, r.day ?? "", r.assay, r.paw, r.stimulus, r.value ?? "", r.value_log10 ?? "", String(r.included)])), "text/csv")}>Save the readings</button>
    </section>
  );
}

function Models({ answer, test }: { answer: Answer; test: Test }) {
  const contrasts = answer.contrasts.filter((c) => key(c) === key(test));
  const spread = answer.variability.groups.filter((v) => key(v) === key(test));
  const others = answer.sensitivity.filter((o) => key(o) === key(test));
  if (!contrasts.length) return null;
  const size = (c: Contrast) => c.estimate_log10_g ?? c.estimate ?? NaN;
  const fold = (c: Contrast) => (c.estimate_log10_g === undefined ? "" : `; × ${three(10 ** c.estimate_log10_g)}`);
  const p = (v: number | null | undefined) => (v === null || v === undefined ? "" : v < 0.001 ? "< 0.001" : v.toFixed(3));
  const rows = contrasts.map((c): Row => ({ label: `${c.name}, ${c.day === null ? "mean" : `day ${c.day}`}`, estimate: size(c), low: c.low, high: c.high, pooled: c.day === null, note: [c.p_adjusted === null || c.p_adjusted === undefined ? "" : `p ${p(c.p_adjusted).replace(/^0/, "= 0")}`, fold(c).slice(2)].filter(Boolean).join("; ") }));
  return (
    <section className="card"><h2>Models</h2>
      <Forest name="contrasts" title="Differences between groups, mixed model, 95 % interval" hint="p adjusted for all planned visits; diamonds: mean over visits." rows={rows} unit={contrasts[0]!.unit} line={0} left="lower" right="higher" />
      {others.length > 0 && <details><summary>The same under other analyses ({new Set(others.map((o) => o.analysis)).size})</summary>
        <Table label="Other analyses" tall caption="A result that changes here is not a firm one" columns={["Analysis", "Comparison", "Day", "Difference", "Interval", "p"]}
               rows={others.map((o) => [o.analysis, o.name, o.day ?? "mean", `${three(o.estimate)} ${o.unit}`, `${three(o.low)} to ${three(o.high)}`, p(o.p_adjusted)])} /></details>}
      {spread.length > 0 && <>
        <Table label="Variability" caption={`Spread within and between animals (${spread[0]!.unit})`} columns={["Group", "Visits", "Animals", "Within an animal, SD", "Between animals, SD", "Share between (ICC)"]}
               rows={spread.map((v) => [v.arm, v.visits, v.animals, digits(v.within_animal_sd), digits(v.between_animal_sd), v.icc === null ? "–" : `${three(v.icc)} (${digits(v.icc_low)} to ${digits(v.icc_high)})`])} />
        <p className="hint">For comparison: {answer.variability.published.map((v) => `${v.condition} ${three(v.within_animal_sd)} within, ${three(v.between_animal_sd)} between`).join("; ")} ({answer.variability.published_source}).</p></>}
    </section>
  );
}

const digits = (v: number | null) => (v === null ? "–" : three(v));

/** An arm of the study on the bench, drawn over the data. */
function Overlay({ show }: { show: (preview: Preview | null) => void }) {
  const catalogue = useGet<Catalogue>("/api/catalogue").value;
  const bench = useMemo(stored, []);
  const study = useMemo(() => data(bench.text), [bench.text]);
  const [kept, choose] = useKept<string>("overlay", "");
  const arm = study?.arms?.some((a) => a?.id === kept) ? kept : "";
  const [problems, tell] = useState<Problem[]>([]);
  useEffect(() => {
    tell([]);
    if (!arm || !study || !catalogue) return show(null);
    const stop = new AbortController();
    look(pruned(study, arm, vehiclesOf(catalogue)), arm, stop.signal).then((found) => { if (!stop.signal.aborted) show(found); }, (error: unknown) => { if (!stop.signal.aborted) { show(null); tell(problemsOf(error)); } });
    return () => stop.abort();
  }, [arm, catalogue]);
  if (!study?.arms) return null;
  return <><Choice label="Simulation over it (study on the bench)" value={arm} options={[{ value: "", label: "none" }, ...study.arms.map((a) => ({ value: a.id, label: a.label || a.id }))]} onChange={choose} /><Problems list={problems} /></>;
}

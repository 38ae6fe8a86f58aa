// Real data: drop a notebook, see what was found odd, the group curves, the analysis, and a simulation over it.
import { useMemo, useRef, useState } from "react";
import { type Catalogue, type Preview, type Problem } from "./api";
import { COLOURS, Chart, type Curve, DASHES } from "./chart";
import { look, problemsOf, useGet, vehiclesOf } from "./hooks";
import { csv, save, three } from "./numbers";
import { Choice, Problems } from "./parts";
import { stored } from "./state";
import { data, pruned } from "./study";

interface Mean { assay: string; paw: string; stimulus: string; reference: string; group: string; day: number; mean: number; sem: number | null; count: number; scale: string }
interface Contrast { name: string; assay: string; paw: string; day: number | null; estimate?: number; estimate_log10_g?: number; low: number; high: number; p_adjusted?: number | null; unit: string }
interface Finding { kind: string; what: string; action: string; severity: string; animal: string; day: number | null; where?: string; likely_cause?: string }
interface Curve50 { [key: string]: string | number | null }
interface Answer {
  names: Record<string, string>; animals: number; count: number; groups: string[]; means: Mean[]; contrasts: Contrast[]; findings: Finding[];
  counts: Record<string, number>; conclusions: { kind: string; text: string; test: string }[]; not_analysed: { test: string; reason: string }[];
  variability: { groups: Curve50[]; method: Curve50[] }; notice: string;
}

export default function DataPage() {
  const [answer, set] = useState<Answer | null>(null);
  const [problems, tell] = useState<Problem[]>([]);
  const [busy, work] = useState(false);
  const [over, hover] = useState(false);
  const [reference, refer] = useState("");
  const [files, keep] = useState<File[]>([]);
  const input = useRef<HTMLInputElement>(null);

  async function read(list: File[], control = reference) {
    if (!list.length) return;
    keep(list);
    work(true);
    tell([]);
    const body = new FormData();
    for (const file of list) body.append("files", file);
    if (control) body.append("reference", control);
    try {
      const response = await fetch("/api/data", { method: "POST", body });
      const found = (await response.json()) as Answer & { problems?: Problem[] };
      if (!response.ok) { set(null); tell(renamed(found.problems ?? [], list)); } else set(found);
    } catch (error) { tell(problemsOf(error)); }
    work(false);
  }

  return (
    <div className="page">
      <h1>Data</h1>
      <p>Your own behavioural data, read and analysed by the code that reads simulated animals. The files stay on this machine and are removed after the analysis.</p>
      <div className={`drop${over ? " over" : ""}`} onDragOver={(e) => { e.preventDefault(); hover(true); }} onDragLeave={() => hover(false)}
           onDrop={(e) => { e.preventDefault(); hover(false); void read([...e.dataTransfer.files]); }}>
        <p>Drop XLSX or CSV notebooks here, or</p>
        <button type="button" className="main" onClick={() => input.current?.click()} disabled={busy}>Choose files</button>
        <input ref={input} type="file" multiple accept=".xlsx,.csv,.txt,.tsv" hidden aria-label="Notebook files" onChange={(e) => { void read([...(e.target.files ?? [])]); e.target.value = ""; }} />
        <p className="hint">Long or wide: up–down series, thresholds, latencies, counts, scores. At most 8 files, 20 MB together.</p>
      </div>
      <p role="status">{busy ? "Reading, checking and analysing …" : answer ? `${answer.count} readings of ${answer.animals} animals in ${answer.groups.length} groups.` : ""}</p>
      <Problems list={problems} />
      {answer && <Found answer={answer} reference={reference} choose={(group) => { refer(group); void read(files, group); }} />}
    </div>
  );
}

function renamed(problems: Problem[], files: File[]): Problem[] {
  const name = (text: string) => text.replace(/\bfile(\d)\.\w+/g, (all, k: string) => files[Number(k) - 1]?.name ?? all);
  return problems.map((p) => ({ ...p, where: name(p.where), what: name(p.what) }));
}

function Found({ answer, reference, choose }: { answer: Answer; reference: string; choose: (group: string) => void }) {
  const tests = useMemo(() => [...new Map(answer.means.map((m) => [`${m.assay}|${m.paw}|${m.stimulus}`, m])).entries()], [answer]);
  const [test, see] = useState(tests[0]?.[0] ?? "");
  const [simulated, simulate] = useState<Preview | null>(null);
  const rows = answer.means.filter((m) => `${m.assay}|${m.paw}|${m.stimulus}` === test);
  const log = rows[0]?.scale === "value_log10";
  const curves = useMemo(() => {
    const list = [...new Set(rows.map((r) => r.group))].slice(0, 6).map((group, k): Curve => {
      const mine = rows.filter((r) => r.group === group).sort((a, b) => a.day - b.day);
      return { label: group, x: mine.map((r) => r.day), y: mine.map((r) => (log ? 10 ** r.mean : r.mean)), error: mine.map((r) => (log ? 10 ** (r.sem ?? 0) : r.sem ?? 0)), colour: COLOURS[k]!, dash: DASHES[k] };
    });
    const shown = list.flatMap((c) => [c, { ...c, kind: "points" as const, unnamed: true }]);
    if (simulated && simulated.head.baseline_log10_g !== null && log) {
      const { head, arrays } = simulated;
      for (const [key, name, colour] of [["arm", head.label, "#555555"], ["reference", head.reference_label, "#999999"]] as const) {
        if (!arrays[`${key}.mean`]) continue;
        const last = 1.2 * Math.max(...rows.map((r) => r.day), 7);
        const x = arrays.t_d!.filter((t) => t <= last);
        const change = (a: Float32Array) => Float64Array.from(a.subarray(0, x.length), (f) => 10 ** (head.baseline_log10_g! - f));
        shown.push({ label: `simulated: ${name}`, x, y: change(arrays[`${key}.mean`]!), low: change(arrays[`${key}.high`]!), high: change(arrays[`${key}.low`]!), bandLabel: "5–95 % of animals", colour, dash: [3, 3] });
      }
    }
    return shown;
  }, [answer, test, simulated]);
  const serious = Object.entries(answer.counts);
  return (
    <>
      <section className="card"><h2>What was found odd</h2>
        {serious.length ? <ul className="counts">{serious.map(([kind, n]) => <li key={kind}><strong>{n}</strong> {kind}</li>)}</ul> : <p>Nothing.</p>}
        <div className="scroll tall" tabIndex={0} role="region" aria-label="Findings">
          <table><caption>Findings; nothing is dropped in silence</caption><thead><tr><th scope="col">Severity</th><th scope="col">Kind</th><th scope="col">Animal</th><th scope="col">Day</th><th scope="col">What</th><th scope="col">What was done</th></tr></thead>
            <tbody>{answer.findings.slice(0, 300).map((f, k) => <tr key={k}><td><span className={`badge ${f.severity}`}>{f.severity}</span></td><td>{f.kind}</td><td>{f.animal}</td><td>{f.day ?? ""}</td><td>{f.what}</td><td>{f.action}</td></tr>)}</tbody></table>
        </div>
        <button type="button" className="quiet" onClick={() => save("findings.json", JSON.stringify(answer.findings, null, 1), "application/json")}>Save the findings</button>
      </section>
      <section className="card"><h2>Group curves</h2>
        <div className="bar">
          {tests.length > 1 && <Choice label="Test" value={test} options={tests.map(([key, m]) => ({ value: key, label: [m.assay.replaceAll("_", " "), m.paw, m.stimulus].filter(Boolean).join(", ") }))} onChange={see} />}
          <Choice label="Compared with" value={reference || rows[0]?.reference || ""} options={answer.groups} onChange={choose} />
          {log && <Overlay show={simulate} />}
        </div>
        {curves.length > 0 && <Chart name="data" title={`${rows[0]?.assay.replaceAll("_", " ") ?? ""} ${rows[0]?.paw ?? ""}, mean ± SEM`} xLabel="day" yLabel={log ? "50 % threshold (g)" : "value"} curves={curves} log={log} summary={`${answer.groups.join(", ")}: means by day`} />}
        <button type="button" className="quiet" onClick={() => save("means.csv", csv(["assay", "paw", "group", "day", "mean", "sem", "n", "scale"], answer.means.map((m) => [m.assay, m.paw, m.group, m.day, m.mean, m.sem ?? "", m.count, m.scale])), "text/csv")}>Save the means</button>
      </section>
      <section className="card"><h2>Analysis</h2>
        <Conclusions answer={answer} />
        <div className="scroll tall" tabIndex={0} role="region" aria-label="Contrasts"><table><caption>Contrasts of the mixed model, 95 % interval; p adjusted for all planned visits</caption>
          <thead><tr><th scope="col">Comparison</th><th scope="col">Test</th><th scope="col">Day</th><th scope="col">Difference</th><th scope="col">Interval</th><th scope="col">p</th></tr></thead>
          <tbody>{answer.contrasts.map((c, k) => <tr key={k}><th scope="row">{c.name}</th><td>{c.assay.replaceAll("_", " ")} {c.paw}</td><td>{c.day ?? "mean"}</td><td>{three(c.estimate_log10_g ?? c.estimate ?? NaN)} {c.unit}</td><td>{three(c.low)} to {three(c.high)}</td><td>{c.p_adjusted === null || c.p_adjusted === undefined ? "" : c.p_adjusted < 0.001 ? "< 0.001" : c.p_adjusted.toFixed(3)}</td></tr>)}</tbody></table></div>
        {answer.not_analysed.map((n) => <p key={n.test}>Not analysed: {n.test}: {n.reason}</p>)}
        <button type="button" className="quiet" onClick={() => save("analysis.json", JSON.stringify(answer, null, 1), "application/json")}>Save the whole analysis</button>
        <p className="hint">{answer.notice}</p>
      </section>
    </>
  );
}

function Conclusions({ answer }: { answer: Answer }) {
  if (!answer.conclusions.length) return null;
  return <><h3>What a reader may and may not conclude</h3><ul>{answer.conclusions.map((c, k) => <li key={k}><strong>{c.kind}:</strong> {c.text}</li>)}</ul></>;
}

/** An arm of the study on the bench, drawn over the data. */
function Overlay({ show }: { show: (preview: Preview | null) => void }) {
  const catalogue = useGet<Catalogue>("/api/catalogue").value;
  const bench = useMemo(stored, []);
  const study = useMemo(() => data(bench.text), [bench.text]);
  const [arm, choose] = useState("");
  async function lay(id: string) {
    choose(id);
    if (!id || !study) return show(null);
    show(await look(pruned(study, id, vehiclesOf(catalogue)), id).catch(() => null));
  }
  if (!study?.arms) return null;
  return <Choice label="Simulation over it (study on the bench)" value={arm} options={[{ value: "", label: "none" }, ...study.arms.map((a) => ({ value: a.id, label: a.label || a.id }))]} onChange={(id) => void lay(id)} />;
}

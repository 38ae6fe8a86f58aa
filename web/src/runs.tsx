// Whole runs: submit, follow, stop, go on, read, compare with what was asked.
import { useEffect, useMemo, useState } from "react";
import { type Envelope, type Problem, type ReadingsHead, type Run, fill, get, getArrays, post, send } from "./api";
import { COLOURS, Chart, type Curve, DASHES } from "./chart";
import { problemsOf, useGet } from "./hooks";
import { hours, row } from "./numbers";
import { Field, Loading, Problems } from "./parts";

const WORDS: Record<string, string> = { waiting: "waits", running: "running", done: "finished", failed: "failed", cancelled: "stopped" };

export function Runs({ text, errors, animals, runs, connected, open }: {
  text: string; errors: number; animals: number; runs: Run[]; connected: boolean; open: (text: string, arm: string) => void;
}) {
  const [seed, setSeed] = useState("");
  const [problems, tell] = useState<Problem[]>([]);
  const [shown, show] = useState<string | null>(() => new URLSearchParams(location.search).get("run"));
  const [said, say] = useState("");
  const mine = runs.filter((r) => r.kind === "study");
  useEffect(() => {
    const query = new URLSearchParams(location.search);
    if (shown) query.set("run", shown); else query.delete("run");
    history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
  }, [shown]);

  async function act(what: () => Promise<unknown>, words: string) {
    tell([]);
    try { await what(); say(words); } catch (error) { tell(problemsOf(error)); }
  }
  const submit = () => act(async () => {
    const { id } = await post("/api/runs", { text, ...(seed && { seed: Number(seed) }) });
    show(id);
  }, "The run is in the queue");

  const open_ = mine.find((r) => r.id === shown);
  return (
    <section className="card" aria-labelledby="runs-h">
      <h2 id="runs-h">Whole runs</h2>
      <div className="bar">
        <Field label="Seed" hint="empty: the study's">{(ids) => <input type="number" min="0" step="1" inputMode="numeric" value={seed} onChange={(e) => setSeed(e.target.value)} {...ids} />}</Field>
        <button type="button" className="main" disabled={errors > 0 || !text} onClick={() => void submit()}>Run the whole study</button>
        <span className="hint">{animals ? `${animals} animals, measured and analysed as in 'thecal run'; same file and seed, same results` : ""}</span>
      </div>
      <p role="status" className="said">{said}{connected ? "" : " The server does not answer; runs go on when it is back."}</p>
      <Problems list={problems} />
      <ul className="runs">{mine.map((r) => (
        <li key={r.id} className={r.state} data-run={r.id} data-state={r.state}>
          <strong>{r.name}</strong> <span>{WORDS[r.state] ?? r.state}{r.message ? `: ${r.message}` : ""}</span>
          {(r.state === "running" || r.state === "waiting") && <>
            <progress max={r.total || 1} value={r.done} aria-label={`${r.name}: ${r.done} of ${r.total} animals and draws`} />
            <button type="button" className="quiet" aria-label={`Stop ${r.name}`} onClick={() => void act(() => post(`/api/runs/${r.id}/cancel`, {}), "Stopped")}>Stop</button></>}
          {(r.state === "failed" || r.state === "cancelled") && <button type="button" className="quiet" onClick={() => void act(() => post(`/api/runs/${r.id}/resume`, {}), "It goes on")}>Go on</button>}
          {r.state === "done" && <button type="button" className="quiet" aria-expanded={shown === r.id} aria-label={`Results of ${r.name}`} onClick={() => show(shown === r.id ? null : r.id)}>Results</button>}
          <button type="button" className="quiet" aria-label={`Open its study: ${r.name}`} onClick={() => void act(async () => open((await get(fill("/api/runs/{run}", { run: r.id }))).text, ""), "Opened")}>Open its study</button>
          {["done", "failed", "cancelled"].includes(r.state) && <button type="button" className="quiet" aria-label={`Remove ${r.name}`} onClick={() => void act(() => send(`/api/runs/${r.id}`, {}, undefined, "DELETE"), "Removed")}>Remove</button>}
        </li>))}
      </ul>
      {open_?.state === "done" && <Results id={open_.id} />}
    </section>
  );
}

function Results({ id }: { id: string }) {
  const summary = useGet(fill("/api/runs/{run}/summary", { run: id }));
  const [chosen, choose] = useState<string[]>([]);
  const [arms, keep] = useState<Record<string, Envelope<ReadingsHead>>>({});
  const found = summary.value;
  useEffect(() => {
    const first = found?.arms.find((a) => a.relief);
    if (found && first) choose([first.id, first.relief!.reference]);
  }, [found]);
  useEffect(() => {
    for (const arm of chosen) if (!arms[arm]) getArrays<ReadingsHead>(fill("/api/runs/{run}/arms/{arm}", { run: id, arm })).then((a) => keep((now) => ({ ...now, [arm]: a })), () => undefined);
  }, [chosen]);
  const curves = useMemo(() => chosen.flatMap((arm, k) => (arms[arm] ? drawn(arms[arm], COLOURS[k % 6]!, DASHES[k % 6]!) : [])), [chosen, arms]);
  const marks = useMemo(() => chosen.slice(0, 1).flatMap((arm) => (arms[arm]?.head.doses ?? []).slice(0, 3).map((d) => ({ x: d.day_d, label: d.what }))), [chosen, arms]);
  if (!found) return <><Problems list={summary.problems} />{!summary.problems.length && <Loading what="Reading the results" />}</>;
  const lost = Object.entries(found.statuses).filter(([s]) => s !== "ok").map(([s, n]) => `${n} ${s}`).join(", ");
  return (
    <div className="results" data-digest={found.digest}>
      <h3>Results of {found.study}, seed {found.seed}</h3>
      <p className="bar">
        {found.report && <a href={`/api/runs/${id}/report`} target="_blank" rel="noreferrer">Report</a>}
        <a href={`/api/runs/${id}/study.yaml`} download>Study file</a>
        {found.tables.map((t) => <a key={t} href={`/api/runs/${id}/tables/${t}.csv`} download>{t}.csv</a>)}
      </p>
      <p className="hint">Animals that could not be computed: {lost || "none"}. Digest of all results: <code>{found.digest.slice(0, 16)}</code></p>
      {curves.length > 0 && <Chart name={`${found.study}-pain`} title="Paw withdrawal threshold: latent means, single animals, and what the visits showed (mean ± SEM)" xLabel="days after injury"
                                   yLabel="50 % threshold (g)" curves={curves} log marks={marks} summary={found.arms.filter((a) => chosen.includes(a.id)).map((a) => `${a.label || a.id}: ${a.words}`).join(". ")} />}
      <div className="scroll tall" tabIndex={0} role="region" aria-label="Relief by arm">
        <table><caption>Relief by arm; choose up to six to draw</caption>
          <thead><tr><th scope="col">Draw</th><th scope="col">Arm</th><th scope="col">n</th><th scope="col">Relief</th><th scope="col">Duration over parameter draws (5–95 %)</th></tr></thead>
          <tbody>{found.arms.map((a) => (
            <tr key={a.id}>
              <td><input type="checkbox" aria-label={`Draw ${a.label || a.id}`} checked={chosen.includes(a.id)} disabled={!chosen.includes(a.id) && chosen.length >= 6}
                         onChange={(e) => choose(e.target.checked ? [...chosen, a.id] : chosen.filter((c) => c !== a.id))} /></td>
              <th scope="row">{a.label || a.id}</th><td className="number">{a.n}</td><td>{a.words}</td>
              <td>{a.duration_over_draws_h ? `${hours(a.duration_over_draws_h[0])} to ${hours(a.duration_over_draws_h[1])}` : "–"}</td>
            </tr>))}</tbody></table>
      </div>
    </div>
  );
}

function drawn({ head, arrays, shapes }: Envelope<ReadingsHead>, colour: string, dash: number[]): Curve[] {
  const base = head.baseline_log10_g ?? 0;
  const change = (a: ArrayLike<number>) => Float64Array.from(a, (f) => 10 ** (base - f));
  const name = head.label || head.arm;
  const list: Curve[] = [];
  const [n = 0, width = 0] = shapes.animals ?? [];
  for (let k = 0; k < Math.min(n, 24); k++) list.push({ label: `${name} ${k}`, x: arrays.animals_t_d!, y: change(row(arrays.animals!, width, k)), colour, faint: true, width: 1 });
  list.push({ label: name, x: arrays.t_d!, y: change(arrays.mean!), colour, dash, width: 2.5,
              ...(arrays.draws_low && { low: change(arrays.draws_high!), high: change(arrays.draws_low), bandLabel: "5–95 % of parameter draws" }) });
  if (arrays.visit_d) list.push({ label: `${name}, at the visits`, x: arrays.visit_d, y: Float64Array.from(arrays.visit_mean!, (v) => 10 ** v), colour, kind: "points",
                                  error: Float64Array.from(arrays.visit_sem!, (v) => 10 ** v) });
  return list;
}

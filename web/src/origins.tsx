// Where numbers come from: the register with its assumptions marked, the equations, the claims with verdicts.
import { useMemo, useState } from "react";
import { post, type Run } from "./api";
import { problemsOf, useGet, useRuns } from "./hooks";
import type { Claims } from "./openapi";
import { csv, percent, save, three } from "./numbers";
import { Undo, useKept } from "./kept";
import { Field, Loading, Problems } from "./parts";
import { Table } from "./table";
import { Waiting } from "./waiting";


export default function NumbersPage() {
  return (
    <div className="page">
      <h1>Where numbers come from</h1>
      <nav aria-label="On this page"><ul className="inline"><li><a href="#claims">Claims</a></li><li><a href="#register">Register</a></li><li><a href="#equations">Equations</a></li></ul></nav>
      <Claims /><Register /><Equations />
    </div>
  );
}

function Claims() {
  const { runs } = useRuns();
  const scoring = runs.find((r) => r.kind === "qualify");
  const done = scoring?.state === "done" ? scoring.id : "";
  const found = useGet<Claims>(`/api/claims?after=${done}`);
  const [said, say] = useState("");
  const [only, show] = useState("");
  if (!found.value) return <><Problems list={found.problems} /><Loading what="Reading the claims" /></>;
  const { claims, log, scored } = found.value;
  const count = (v: string) => claims.filter((c) => c.verdict === v).length;
  return (
    <section className="card" id="claims"><h2>Claims with verdicts</h2>
      <p>Each finding of the index study (and of others) is tried by simulated experiments of the published size, over draws of the uncertain numbers. A claim that fails is a result, not a fault to be hidden.</p>
      {scored ? <p className="answer">{count("holds")} hold, {count("fails")} fail, {count("undecided")} undecided, of {claims.length}.</p> : <p>They have not been scored on this machine.</p>}
      <Scoring run={scoring} start={async () => { try { await post("/api/qualify", {}); say("In the queue"); } catch (e) { say(problemsOf(e)[0]?.what ?? ""); } }} />
      <p role="status" className="said">{said}</p>
      {scored && <div className="row" role="group" aria-label="Show claims that">{VERDICTS.map((v) => (
        <button key={v} type="button" className="quiet" aria-pressed={only === v} onClick={() => show(only === v ? "" : v)}>{MARKS[v]} {v} ({count(v)})</button>))}</div>}
      <Table label="Claims" tall head={1} small={[7]} caption="Register of claims; a window was written down before the first scoring"
             columns={["No.", "Claim", "Verdict", "Draws that show it", "Value (5–95 %)", "Window", "Kind", "Source"]}
             rows={claims.filter((c) => !only || c.verdict === only).map((c) => [c.number, <>{c.statement}{c.cause ? <p className="hint">{c.cause}</p> : null}</>,
               c.verdict ? <span className={`verdict-${c.verdict}`}>{MARKS[c.verdict] ?? ""} {c.verdict}</span> : "not scored",
               <>{percent(c.share)}{c.prior_share !== null ? <span className="hint"> before fitting {percent(c.prior_share)}</span> : null}</>,
               c.value === null ? "–" : `${three(c.value)} (${three(c.low ?? NaN)} to ${three(c.high ?? NaN)})`,
               Object.entries(c.window).map(([k, [a, b]]) => windowed(k, a, b)).join("; "), `${c.tag}, ${c.role}`, c.source])} />
      {log.length > 0 && <details><summary>Windows that were changed later, with the reason</summary><ul>{log.map((l, k) => <li key={k}>{l.claim}: {l.changed}, {l.when}: {l.reason}</li>)}</ul></details>}
      <button type="button" className="quiet" onClick={() => save("claims.json", JSON.stringify(claims, null, 1), "application/json")}>Save the claims</button>
    </section>
  );
}

const VERDICTS = ["holds", "fails", "undecided"];
const MARKS: Record<string, string> = { holds: "✓", fails: "✗", undecided: "?" };

/** `onset_h: 0 to 1` as "onset 0 to 1 h". */
function windowed(name: string, low: number | null, high: number | null): string {
  const found = /^(.*)_(h|d|log10)$/.exec(name);
  const span = low === null ? `at most ${high}` : high === null ? `at least ${low}` : `${low} to ${high}`;
  return `${(found?.[1] ?? name).replaceAll("_", " ")} ${span}${found ? ` ${found[2]}` : ""}`;
}

function Scoring({ run, start }: { run: Run | undefined; start: () => Promise<void> }) {
  if (run && run.state !== "done") return <><Waiting run={run} />{run.state === "failed" || run.state === "cancelled" ? <p><button type="button" onClick={() => void start()}>Score them now</button></p> : null}</>;
  return <p><button type="button" onClick={() => void start()}>Score them now</button> <span className="hint">about a minute, 24 draws</span></p>;
}

function Register() {
  const found = useGet("/api/parameters");
  const kept = useKept("register", { sought: "", kind: "" });
  const { sought, kind } = kept.value;
  const rows = useMemo(() => (found.value ?? []).filter((p) => (!kind || p.kind === kind) && (!sought || `${p.id} ${p.context} ${p.source} ${p.note}`.toLowerCase().includes(sought.toLowerCase()))), [found.value, sought, kind]);
  if (!found.value) return <><Problems list={found.problems} /><Loading what="Reading the register" /></>;
  const assumed = found.value.filter((p) => p.assumption).length;
  return (
    <section className="card" id="register"><h2>Register of numbers</h2>
      <p>{found.value.length} numbers; {assumed} are assumptions, for nobody measured them.</p>
      <div className="bar">
        <Field label="Find a number">{(ids) => <input type="search" value={sought} onChange={(e) => kept.set({ sought: e.target.value, kind }, "sought")} {...ids} />}</Field>
        <Field label="Kind">{(ids) => <select value={kind} onChange={(e) => kept.set({ sought, kind: e.target.value })} {...ids}><option value="">all</option>{[...new Set(found.value!.map((p) => p.kind))].map((k) => <option key={k}>{k}</option>)}</select>}</Field>
        <button type="button" className="quiet" onClick={() => save("register.csv", csv(["id", "value", "low", "high", "unit", "kind", "verified", "context", "source", "note"], rows.map((p) => [p.id, p.value, p.low, p.high, p.unit, p.kind, String(p.verified), p.context, p.source, p.note])), "text/csv")}>Save these</button>
        <Undo kept={kept} />
      </div>
      <p role="status" className="said">{rows.length} of {found.value.length} numbers</p>
      <Table label="Register" tall small={[7]} caption="The range: 5th and 95th percentile of what one may believe" columns={["Number", "Symbol", "Value", "Range", "Unit", "Kind", "Meaning", "Source"]}
             rows={rows.map((p) => [<code>{p.id}</code>, <span dangerouslySetInnerHTML={{ __html: p.symbol }} />, three(p.value), `${three(p.low)} to ${three(p.high)}`, p.unit,
               <>{p.assumption ? <span className="badge warning">{p.kind}</span> : p.kind}{p.verified ? " ✓ checked" : ""}</>, `${p.context}${p.note ? `. ${p.note}` : ""}`, p.source || "none"])} />
    </section>
  );
}

function Equations() {
  const found = useGet("/api/equations");
  if (!found.value) return <><Problems list={found.problems} /><Loading what="Writing the equations" /></>;
  return (
    <section className="card" id="equations"><h2>Equations</h2>
      <p>Written out from the declaration that the engine computes with; i counts segments of the canal, j ganglia.</p>
      {found.value.map((room) => (
        <details key={room.room}><summary>{room.room}: {room.meaning} ({room.equations.length})</summary>
          <div className="equations">{room.equations.map((e, k) => <div key={k}><strong>{e.meaning}</strong> <span className="hint">({e.unit})</span>
            <div className="scroll" tabIndex={0} role="group" aria-label={e.meaning} dangerouslySetInnerHTML={{ __html: e.mathml }} /></div>)}</div></details>))}
    </section>
  );
}

// Single cells in the canal, from the needle to the ganglion: the viewer, and counts by ganglion, side and day.
import { mountCanal } from "canal-viewer/canal.js";
import "canal-viewer/canal.css";
import { useEffect, useMemo, useRef, useState } from "react";
import { COLOURS, Chart, type Curve } from "./chart";
import { Forest } from "./forest";
import { useQueued } from "./hooks";
import { csv, save, three } from "./numbers";
import type { CellCounts, CellsFound } from "./openapi";
import { Choice, Problems } from "./parts";
import { celled, usePicked } from "./picked";
import { Table } from "./table";
import { Waiting } from "./waiting";

const RATIOS: Record<string, string> = { default: "as declared", cxcr4_knockdown: "Cxcr4 knocked down to 30 %", cxcl12_off: "without CXCL12" };

export default function CellsPage() {
  const picked = usePicked("cells", celled);
  const queued = useQueued<CellsFound>("cells", "/api/cells");
  const place = useRef<HTMLDivElement>(null);
  const answer = queued.result;
  const [odd, fail] = useState(false);
  useEffect(() => {
    if (!place.current || !answer) return;
    const element = place.current;
    try {
      const mounted = mountCanal(element, answer.frames);
      fail(false);
      return () => mounted.remove();
    } catch { // what an earlier version of the program has kept may be of another shape
      element.replaceChildren();
      fail(true);
    }
  }, [answer]);
  return (
    <div className="page">
      <h1>Cells</h1>
      <p>Single cells on the wall of the spinal canal, from the needle to the ganglion; of the study on the bench.</p>
      <div className="bar">
        <Choice label="Arm" value={picked.arm} options={picked.arms.map((a) => ({ value: a.id, label: a.label || a.id }))} onChange={picked.pick} />
        <button type="button" className="main" disabled={!picked.arm} onClick={() => void queued.begin({ text: picked.text, arm: picked.arm })}>Follow its cells</button>
        <span className="hint">50,000 agents, 24 draws for the intervals, about 10 seconds</span>
      </div>
      <Problems list={queued.problems} />
      <Waiting run={queued.run} />
      {answer && <section className="card"><h2>{queued.run?.title}</h2><div ref={place} />
        {odd && <p role="alert">These cells were followed by another version of the program and cannot be drawn. Follow them anew; the counts below hold.</p>}</section>}
      {answer && <Counts counts={answer.counts} />}
    </div>
  );
}

/** Counts over time: a colour for each level, a whole line for the injured side, a broken one for the other. */
function Course({ counts, places }: { counts: CellCounts; places: string[] }) {
  const levels = [...new Set(counts.drg.map((c) => c.level))];
  const [level, see] = useState("");
  const curves = useMemo(() => places.filter((p) => !level || p.startsWith(`${level} `)).map((place): Curve => {
    const mine = counts.drg.filter((c) => `${c.level} ${c.side}` === place && c.cells > 0).sort((a, b) => a.day - b.day);
    const one = levels.indexOf(mine[0]?.level ?? "");
    return { label: place, x: mine.map((c) => c.day), y: mine.map((c) => c.cells), colour: COLOURS[Math.max(0, one) % COLOURS.length]!, dash: place.endsWith("injured") ? [] : [6, 4],
             ...(level && { low: mine.map((c) => Math.max(0.5, c.low)), high: mine.map((c) => c.high), bandLabel: counts.interval }) };
  }), [counts, level]);
  return (
    <>
      <div className="bar"><Choice label="Level" value={level} options={[{ value: "", label: "all levels" }, ...levels.map((l) => ({ value: l, label: `${l}, with its interval` }))]} onChange={see} /></div>
      <Chart name="cells-by-ganglion" title="Living cells at each ganglion" xLabel="days after the first injection" yLabel="cells" curves={curves} log
             summary={places.map((p) => `${p}: at most ${Math.max(...counts.drg.filter((c) => `${c.level} ${c.side}` === p).map((c) => c.cells)).toFixed(0)}`).join(", ")} />
    </>
  );
}

function Counts({ counts }: { counts: CellCounts }) {
  const days = [...new Set(counts.drg.map((c) => c.day))].sort((a, b) => a - b);
  const places = [...new Set(counts.drg.map((c) => `${c.level} ${c.side}`))];
  const of = (place: string, day: number) => counts.drg.find((c) => `${c.level} ${c.side}` === place && c.day === day);
  const other = (place: string, day: number) => counts.cohort_model.find((c) => `${c.level} ${c.side}` === place && c.day === day)?.cells;
  return (
    <section className="card"><h2>Living cells at each ganglion</h2>
      <Course counts={counts} places={places} />
      <Table label="Counts by ganglion and day" columns={["Ganglion", ...days.map((d) => `day ${d}`)]}
             caption={`Cells and their interval (${counts.interval}); days after the first injection; in brackets the well-mixed cohort model`}
             rows={places.map((p) => [p, ...days.map((d) => {
               const c = of(p, d), m = other(p, d);
               return `${c ? `${c.cells.toFixed(0)} (${c.low.toFixed(0)} to ${c.high.toFixed(0)})` : "–"}${m === undefined ? "" : ` [${m.toFixed(0)}]`}`;
             })])} />
      <Forest name="sides" title={`Injured side over the other, day ${counts.injured_to_other_day}`} unit="ratio" line={1} log left="other side" right="injured side"
              rows={Object.entries(counts.injured_to_other).map(([key, ratio]) => ({ label: RATIOS[key] ?? key, estimate: ratio, low: counts.injured_to_other_90[key]?.[0] ?? null, high: counts.injured_to_other_90[key]?.[1] ?? null }))} />
      <p>{counts.local_tgfb1.border_over_csf !== null && <>On day {counts.local_tgfb1.day} the border of the injured ganglia holds {three(counts.local_tgfb1.border_over_csf)} times the active TGF-β1 of lumbar CSF. </>}{counts.agents} agents, {three(counts.cells_per_agent)} cells each; {three(counts.leaked_cells)} cells leaked at the needle.</p>
      <button type="button" className="quiet" onClick={() => save("cells.csv", csv(["level", "side", "body_side", "day", "cells", "low", "high"], counts.drg.map((c) => [c.level, c.side, c.body_side, c.day, c.cells, c.low, c.high])), "text/csv")}>Save the counts</button>
    </section>
  );
}

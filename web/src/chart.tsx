// One chart for all pages: curves, bands, points, marks; a legend, a table and downloads beside it.
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type ChartProps, type Curve, readable, tabled } from "./curves";
import { csv, save, three } from "./numbers";
import { paintFigure, savePicture } from "./picture";
import { draw, shade } from "./plot";

export { savePicture } from "./picture";
export { COLOURS, DASHES, shade, theme } from "./plot";
export type { Curve, Span } from "./curves";

const STEPS = 100; // of the way along the axis, for the keyboard

export function Chart(props: ChartProps) {
  const { title, summary, name } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [table, show] = useState(false);
  const [read, tell] = useState("");
  const [moment, move] = useState(STEPS / 2);
  const id = useId();
  const dark = useDark();
  const curves = useMemo(() => props.curves.map((c) => ({ ...c, colour: shade(c.colour) })), [props.curves, dark]);

  useEffect(() => {
    const element = holder.current;
    if (!element || table || !curves.length) return;
    const made = draw(element, { ...props, curves }, tell);
    plot.current = made;
    const watch = new ResizeObserver(() => {
      const width = Math.floor(element.clientWidth);
      if (width > 0 && width !== made.width) made.setSize({ width, height: props.height ?? 320 });
    });
    watch.observe(element);
    return () => { watch.disconnect(); made.destroy(); plot.current = null; };
  }, [curves, props.log, props.xLog, props.limits?.join(), table, dark, props.marks, props.spans]);

  /** With the keys as with the mouse: the cursor goes there, and what it finds is told. */
  function point(step: number) {
    const u = plot.current;
    if (u) u.setCursor({ left: Math.min(u.over.clientWidth - 1, (step / STEPS) * u.over.clientWidth), top: u.over.clientHeight / 2 });
  }

  const named = curves.filter((c) => !c.faint && !c.unnamed);
  return (
    <figure className="chart" aria-labelledby={`${id}t`}>
      <figcaption id={`${id}t`}>{title}</figcaption>
      <ul className="legend" aria-label="Legend">
        {named.map((c) => <li key={c.label}><Sample curve={c} />{c.label}{c.bandLabel ? ` (${c.bandLabel})` : ""}</li>)}
      </ul>
      {table ? <CurveTable {...props} /> : (
        <div ref={holder} className="plot" role="img" aria-label={`${title}. ${summary}`} data-curves={curves.length} />
      )}
      {!table && readable(curves) && <input type="range" className="reader" min={0} max={STEPS} step={1} value={moment} aria-label="Read the values along the axis" aria-describedby={`${id}t`}
             aria-valuetext={read || "nothing read yet"} onFocus={() => point(moment)} onChange={(e) => { move(Number(e.target.value)); point(Number(e.target.value)); }} />}
      <div className="under">
        <span className="readout">{table ? "" : read}</span>
        <button type="button" className="quiet" aria-pressed={table} onClick={() => show(!table)}>Table</button>
        <button type="button" className="quiet" onClick={() => save(`${name}.csv`, asCsv(props), "text/csv")}>CSV</button>
        <button type="button" className="quiet" disabled={table} onClick={() => { if (plot.current) savePicture(paintFigure(plot.current.ctx.canvas, title, named), name); }}>PNG</button>
      </div>
    </figure>
  );
}

function Sample({ curve }: { curve: Curve }) {
  return (
    <svg width="26" height="12" aria-hidden="true" className="sample">
      {curve.low && <rect x="0" y="1" width="26" height="10" fill={curve.colour} opacity="0.3" />}
      {curve.kind === "points" ? <circle cx="13" cy="6" r="3.5" fill={curve.colour} />
        : !curve.bandOnly && <line x1="0" x2="26" y1="6" y2="6" stroke={curve.colour} strokeWidth="2.5" strokeDasharray={curve.dash?.join(" ")} />}
    </svg>
  );
}

/** True while the page is dark; charts are drawn anew when it changes. */
export function useDark(): string {
  const [now, set] = useState(() => getComputedStyle(document.documentElement).colorScheme);
  useEffect(() => {
    const look = () => set(`${document.documentElement.dataset.theme ?? ""}${matchMedia("(prefers-color-scheme: dark)").matches}`);
    const watch = new MutationObserver(look);
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const media = matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", look);
    return () => { watch.disconnect(); media.removeEventListener("change", look); };
  }, []);
  return now;
}

function asCsv(props: ChartProps): string {
  const { header, rows } = tabled(props);
  return csv(header, rows);
}

function CurveTable(props: ChartProps) {
  const { header, rows } = useMemo(() => tabled(props), [props.curves]);
  const step = Math.max(1, Math.ceil(rows.length / 60));
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`${props.title}, as a table`}>
      <table>
        <caption>{props.yLabel}{step > 1 ? `; every ${step}th time, all of them in the CSV` : ""}</caption>
        <thead><tr>{header.map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
        <tbody>{rows.filter((_, k) => k % step === 0).map((cells) => (
          <tr key={cells[0]}>{cells.map((c, k) => (k ? <td key={k}>{typeof c === "number" ? three(c) : c}</td>
            : <th key={k} scope="row">{typeof c === "number" ? three(c) : c}</th>))}</tr>))}
        </tbody>
      </table>
    </div>
  );
}

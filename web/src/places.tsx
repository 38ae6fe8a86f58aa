// Where things are: heat maps of place by time, one for what is on the bench and one for each scenario, on one scale.
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type { Places, SubstanceShown } from "./api";
import { COLOURS, Chart, type Curve, savePicture, shade, theme, useDark } from "./chart";
import { type Axis, LEFT, ROW, type Scale, TOP, heightOf, paint, paintScale, scaleOf, sheet, shareOf, timeAt } from "./heat";
import { useKept } from "./hooks";
import { at, csv, hours, row, save, three } from "./numbers";
import { Choice, Slider } from "./parts";
import "./places.css";

export interface Shown { name: string; colour: string; dash?: number[]; places: Places }

const FIRST_H = 1 / 12;
const STEPS = 240;
const LOOKS_H = [1 / 12, 0.5, 1, 2, 4, 8, 12, 24, 48, 96, 168, 336, 672, 1344];

/** The values of one substance in one arm, by place; zeros where the arm never holds it. */
class Field {
  readonly t: Float32Array;
  readonly substance: SubstanceShown | undefined;
  readonly day: number;
  private readonly tables: Record<string, Float32Array>;
  constructor(readonly shown: Shown, id: string) {
    const { head, arrays } = shown.places;
    this.t = arrays.t_d!;
    this.substance = head.substances.find((s) => s.id === id);
    this.day = head.first_dose_d ?? head.injury_d;
    this.tables = Object.fromEntries(Object.entries(arrays).filter(([name]) => name.startsWith(`${id}.`)).map(([name, table]) => [name.slice(id.length + 1), table]));
  }
  get mean(): Float32Array { return this.tables.mean ?? new Float32Array(); }
  curve(key: string, place: number): Float32Array | undefined {
    const table = this.tables[key];
    return table && place >= 0 ? row(table, this.t.length, place) : undefined;
  }
  place(id: string): number { return this.substance?.places.findIndex((p) => p.id === id) ?? -1; }
  /** The day of a moment on an axis, in this arm. */
  dayAt(axis: Axis, u: number): number { return axis.kind === "hours" ? this.day + timeAt(axis, u) / 24 : timeAt(axis, u); }
  value(key: string, place: number, day: number): number {
    const curve = this.curve(key, place);
    return curve && day <= this.shown.places.head.end_d + 1e-9 ? at(this.t, curve, day) : NaN;
  }
}

export function placeName(place: SubstanceShown["places"][number]): string {
  if (place.low_mm === null || place.high_mm === null) return place.id;
  return `segment ${place.id}${place.ganglia.length ? ` · ${place.ganglia.join(" ")}` : ""}`;
}

function placeInFull(place: SubstanceShown["places"][number]): string {
  if (place.low_mm === null || place.high_mm === null) return place.id === "cranial" ? "cranial tank" : `${place.ganglia[0]} ganglion, ${place.id.split(" ").at(-1)} side`;
  return `segment ${place.id}, ${three(place.low_mm)}–${three(place.high_mm)} mm from the sacral end${place.ganglia.length ? `, beside ${place.ganglia.join(" and ")}` : ""}`;
}

/** All arms on one axis: from five minutes after the first dose, or from the first day that is computed. */
function axisOf(kind: Axis["kind"], fields: Field[]): Axis {
  if (kind === "hours") return { kind, low: FIRST_H, high: Math.max(24, ...fields.map((f) => (f.shown.places.head.end_d - f.day) * 24)) };
  return { kind, low: Math.min(...fields.map((f) => f.t[0] ?? 0)), high: Math.max(...fields.map((f) => f.shown.places.head.end_d)) };
}

export function PlacesView({ shown }: { shown: Shown[] }) {
  const [picked, pick] = useState(() => localStorage.getItem("thecal.substance") ?? "tgfb1_total");
  const [kind, choose] = useKept<Axis["kind"]>("clock", "hours", ["hours", "days"]);
  const [where, place] = useState("");
  const [step, move] = useState(Math.round(STEPS * 0.45));
  const [table, show] = useState(false);
  const list = useMemo(() => known(shown), [shown]);
  const substance = list.find((s) => s.id === picked) ?? list[0];
  const fields = useMemo(() => shown.map((s) => new Field(s, substance?.id ?? "")), [shown, substance?.id]);
  const scale = useMemo(() => scaleOf(fields.map((f) => f.mean)), [fields]);
  const axis = useMemo(() => axisOf(kind, fields), [kind, fields]);
  const canvases = useRef<(HTMLCanvasElement | null)[]>([]);
  const bar = useRef<HTMLCanvasElement>(null);
  if (!substance) return <p>Nothing was computed by place.</p>;
  const u = step / STEPS;
  const id = substance.places.some((p) => p.id === where) ? where : usual(substance);
  const told = clock(axis, u);
  const mine = fields[0]!;
  const now = mine.value("mean", mine.place(id), mine.dayAt(axis, u));

  return (
    <div className="places" data-substance={substance.id}>
      <div className="bar">
        <Choice label="What" value={substance.id} options={list.map((s) => ({ value: s.id, label: s.name }))}
                onChange={(next) => { localStorage.setItem("thecal.substance", next); pick(next); }} />
        <Choice label="Time" value={kind} onChange={(next) => choose(next as Axis["kind"])}
                options={[{ value: "hours", label: "since the first dose (logarithmic)" }, { value: "days", label: "days after injury" }]} />
      </div>
      <figure className="chart" aria-label={`${substance.name}, by place and time`}>
        <figcaption>{substance.name}{substance.unit === "cells" ? "" : `, ${substance.unit}`}{scale.log ? ", logarithmic colours" : ""}; mean of {mine.shown.places.head.n} animals</figcaption>
        {table ? <Tables fields={fields} substance={substance} axis={axis} /> : <>
          <Bar scale={scale} unit={substance.unit} hold={bar} />
          <div className={`panels${fields.length > 1 ? " many" : ""}`}>
            {fields.map((field, k) => (
              <Panel key={k} field={field} substance={substance} axis={axis} scale={scale} where={id} u={u} named={fields.length > 1}
                     hold={(canvas) => { canvases.current[k] = canvas; }} choose={(next, share) => { if (next) place(next); move(Math.round(share * STEPS)); }} />))}
          </div>
        </>}
        <div className="under">
          <span className="readout">{axis.kind === "hours" ? "Time since the first dose" : "Days after injury"}; head at the top{mine.shown.places.head.doses.length ? "; arrow: where a dose goes in" : ""}</span>
          <button type="button" className="quiet" aria-pressed={table} onClick={() => show(!table)}>Table</button>
          <button type="button" className="quiet" onClick={() => save(`${substance.id}-by-place.csv`, asCsv(fields, substance), "text/csv")}>CSV</button>
          <button type="button" className="quiet" disabled={table} onClick={() => {
            const parts = fields.flatMap((f, k) => (canvases.current[k] ? [{ title: f.shown.name, canvas: canvases.current[k] }] : []));
            savePicture(sheet([...(bar.current ? [{ title: `${substance.name}, simulated`, canvas: bar.current }] : []), ...parts], theme()), `${substance.id}-by-place`);
          }}>PNG</button>
        </div>
      </figure>
      <div className="pick">
        <Choice label="Place" value={id} options={substance.places.map((p) => ({ value: p.id, label: placeName(p) }))} onChange={place} />
        <Slider label="Moment" value={step} low={0} high={STEPS} step={1} shown={told} spoken={`${told}: ${amount(now, substance.unit)} in ${id}`} onChange={move} />
      </div>
      <ReadOut fields={fields} substance={substance} axis={axis} u={u} where={id} told={told} />
      <Course fields={fields} substance={substance} axis={axis} scale={scale} where={id} />
    </div>
  );
}

/** What any of the arms holds, in the server's order. */
function known(shown: Shown[]): SubstanceShown[] {
  const found = new Map<string, SubstanceShown>();
  for (const s of shown) for (const one of s.places.head.substances) if (!found.has(one.id)) found.set(one.id, one);
  return [...found.values()];
}

/** The first place that a reader wants: beside a ganglion, on the injured side. */
function usual(substance: SubstanceShown): string {
  return (substance.places.find((p) => p.id.endsWith("injured")) ?? substance.places.find((p) => p.ganglia.length) ?? substance.places[0])?.id ?? "";
}

function clock(axis: Axis, u: number): string {
  const t = timeAt(axis, u);
  return axis.kind === "hours" ? `${hours(t)} after the first dose` : `day ${three(t)}`;
}

const amount = (v: number, unit: string): string => (Number.isNaN(v) ? "nothing computed" : `${three(v)} ${unit}`);

function Bar({ scale, unit, hold }: { scale: Scale; unit: string; hold: { current: HTMLCanvasElement | null } }) {
  const dark = useDark();
  useEffect(() => {
    const element = hold.current;
    if (element?.parentElement) paintScale(element, Math.max(200, element.parentElement.clientWidth), scale, theme());
  }, [scale, dark]);
  return <canvas ref={hold} role="img" aria-label={`Colours: dark ${scale.log ? `${three(scale.low)} or less` : three(scale.low)}, yellow ${three(scale.high)} ${unit}`} />;
}

function Panel({ field, substance, axis, scale, where, u, named, hold, choose }: {
  field: Field; substance: SubstanceShown; axis: Axis; scale: Scale; where: string; u: number; named: boolean;
  hold: (canvas: HTMLCanvasElement | null) => void; choose: (place: string | undefined, u: number) => void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, measure] = useState(0);
  const dark = useDark();
  const id = useId();
  const rows = field.substance?.places ?? [];
  const { head } = field.shown.places;
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const watch = new ResizeObserver(() => measure(Math.floor(element.clientWidth)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const element = canvas.current;
    if (!element || width < 100 || !rows.length) return;
    const needles = head.doses.flatMap((d) => {
      const k = rows.findIndex((p) => p.low_mm !== null && p.high_mm !== null && d.position_mm >= p.low_mm && d.position_mm < p.high_mm);
      const share = axis.kind === "hours" ? (d.day_d > field.day ? shareOf(axis, (d.day_d - field.day) * 24) : 0) : shareOf(axis, d.day_d);
      return k < 0 || share > 1 ? [] : [{ row: k, u: share }];
    });
    paint(element, width, { rows: rows.map(placeName), axis, scale, needles, chosen: { row: field.place(where), u },
                            value: (k, share) => field.value("mean", k, field.dayAt(axis, share)) }, theme());
    hold(element);
    return () => hold(null);
  }, [field, axis, scale, where, u, width, dark]);

  const most = rows.length ? peak(field) : null;
  const words = most ? `at most ${amount(most.value, substance.unit)} in ${rows[most.place]!.id}, day ${three(most.day)}` : "none in this arm";
  return (
    <div className="panel" aria-labelledby={named ? id : undefined} role="group">
      {named && <h3 id={id}><svg width="26" height="10" aria-hidden="true"><line x1="0" x2="26" y1="5" y2="5" stroke={shade(field.shown.colour)} strokeWidth="3" strokeDasharray={field.shown.dash?.join(" ")} /></svg> {field.shown.name}</h3>}
      {rows.length ? <canvas ref={canvas} role="img" aria-label={`${substance.name} by place and time: ${words}`} data-rows={rows.length} height={heightOf(rows.length)}
                             onPointerMove={(e) => { if (e.pointerType === "mouse") choose(...pointed(e, rows)); }} onPointerDown={(e) => choose(...pointed(e, rows))} />
        : <p className="none"><canvas ref={canvas} hidden />None in this arm.</p>}
      <p className="hint">{most ? `Most: ${amount(most.value, substance.unit)}, ${placeName(rows[most.place]!)}, day ${three(most.day)}.` : ""}</p>
    </div>
  );
}

function pointed(event: React.PointerEvent<HTMLCanvasElement>, rows: SubstanceShown["places"]): [string | undefined, number] {
  const box = event.currentTarget.getBoundingClientRect();
  const u = (event.clientX - box.left - LEFT) / (box.width - LEFT - 6);
  return [rows[Math.floor((event.clientY - box.top - TOP) / ROW)]?.id, Math.min(1, Math.max(0, u))];
}

function peak(field: Field): { value: number; place: number; day: number } | null {
  let best = 0;
  const table = field.mean;
  for (let k = 1; k < table.length; k++) if (table[k]! > table[best]!) best = k;
  return table.length ? { value: table[best]!, place: Math.floor(best / field.t.length), day: field.t[best % field.t.length]! } : null;
}

/** The values at one place and moment, of all that is compared. */
function ReadOut({ fields, substance, axis, u, where, told }: { fields: Field[]; substance: SubstanceShown; axis: Axis; u: number; where: string; told: string }) {
  const place = substance.places.find((p) => p.id === where);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Values at this place and moment">
      <table className="readings"><caption>{told}, {place ? placeInFull(place) : where} ({substance.unit})</caption>
        <thead><tr><th scope="col">What is given</th><th scope="col">Mean</th><th scope="col">5–95 % of animals</th><th scope="col">5–95 % of parameter draws</th></tr></thead>
        <tbody>{fields.map((f, k) => {
          const [day, p] = [f.dayAt(axis, u), f.place(where)];
          const value = (key: string) => three(f.value(key, p, day));
          return <tr key={k}><th scope="row">{f.shown.name}</th><td className="number">{value("mean")}</td>
            <td className="number">{value("low")} to {value("high")}</td><td className="number">{value("draws_low")} to {value("draws_high")}</td></tr>;
        })}</tbody></table>
    </div>
  );
}

/** The course at one place, with both bands of what is on the bench. */
function Course({ fields, substance, axis, scale, where }: { fields: Field[]; substance: SubstanceShown; axis: Axis; scale: Scale; where: string }) {
  const place = substance.places.find((p) => p.id === where);
  const curves = useMemo(() => fields.flatMap((f, k): Curve[] => {
    const p = f.place(where);
    if (p < 0) return [];
    const seen = Array.from(f.t.keys()).filter((i) => f.t[i]! <= f.shown.places.head.end_d && (axis.kind === "days" || (f.t[i]! - f.day) * 24 >= FIRST_H * 0.99));
    const x = seen.map((i) => (axis.kind === "days" ? f.t[i]! : (f.t[i]! - f.day) * 24));
    const y = (key: string) => { const c = f.curve(key, p); return c && seen.map((i) => (scale.log ? (c[i]! >= scale.low / 10 ? c[i]! : NaN) : c[i]!)); };
    const [low, high, mean] = [y("low"), y("high"), y("mean")!];
    const floor = (list: number[] | undefined) => list?.map((v) => (Number.isNaN(v) ? scale.low / 10 : v));
    const one: Curve = { label: f.shown.name, x, y: mean, colour: f.shown.colour, dash: f.shown.dash, width: k ? 2 : 3 };
    if (k) return [one];
    const drawn = y("draws_low");
    return [...(drawn ? [{ label: "its typical animal, uncertain numbers drawn again", bandOnly: true, x, y: x.map(() => NaN), colour: COLOURS[4]!, low: floor(drawn), high: floor(y("draws_high")), bandLabel: "5–95 % of draws" }] : []),
            { ...one, low: floor(low), high: floor(high), bandLabel: "mean; 5–95 % of animals" }];
  }), [fields, axis, scale, where]);
  const marks = useMemo(() => (axis.kind === "days" ? fields[0]!.shown.places.head.doses.slice(0, 4).map((d) => ({ x: d.day_d, label: d.what.split(",")[0] ?? "" })) : []), [fields, axis]);
  if (!curves.length || !place) return null;
  return <Chart name={`${substance.id}-course`} title={`${substance.name}: ${placeInFull(place)}`} yLabel={substance.unit} curves={curves} log={scale.log} marks={marks} height={260}
                xLog={axis.kind === "hours"} xUnit={axis.kind === "hours" ? "h" : "d"} xLabel={axis.kind === "hours" ? "hours after the first dose" : "days after injury"}
                summary={fields.map((f) => `${f.shown.name}: at most ${amount(Math.max(0, ...(f.curve("mean", f.place(where)) ?? [])), substance.unit)}`).join(". ")} />;
}

/** Moments of a table: chosen hours, or ten days evenly. */
function looks(axis: Axis): number[] {
  if (axis.kind === "hours") return LOOKS_H.filter((h) => h <= axis.high).map((h) => shareOf(axis, h));
  return Array.from({ length: 11 }, (_, k) => k / 10);
}

function Tables({ fields, substance, axis }: { fields: Field[]; substance: SubstanceShown; axis: Axis }) {
  return <>{fields.map((f, k) => (
    <div key={k} className="scroll" tabIndex={0} role="region" aria-label={`${substance.name}, ${f.shown.name}, as a table`}>
      <table className="heat">
        <caption>{f.shown.name}, mean ({substance.unit})</caption>
        <thead><tr><th scope="col">Place</th>{looks(axis).map((u) => <th key={u} scope="col">{axis.kind === "hours" ? hours(timeAt(axis, u)) : `day ${three(timeAt(axis, u))}`}</th>)}</tr></thead>
        <tbody>{(f.substance?.places ?? []).map((p, i) => (
          <tr key={p.id}><th scope="row">{placeName(p)}</th>{looks(axis).map((u) => <td key={u}>{three(f.value("mean", i, f.dayAt(axis, u)))}</td>)}</tr>))}</tbody>
      </table>
    </div>))}</>;
}

function asCsv(fields: Field[], substance: SubstanceShown): string {
  const keys = ["mean", "low", "high", "draws_low", "draws_high"];
  const rows = fields.flatMap((f) => (f.substance?.places ?? []).flatMap((p, i) => Array.from(f.t, (day, k): (string | number)[] => [
    f.shown.name, p.id, p.low_mm ?? "", p.high_mm ?? "", day, ...keys.map((key) => f.curve(key, i)?.[k] ?? "")])));
  return csv(["what is given", "place", "from_mm", "to_mm", "day", ...keys.map((k) => `${k} (${substance.unit})`)], rows);
}

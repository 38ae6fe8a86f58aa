// A heat map on a canvas: rows of places, time to the right, colour for how much. Pure functions; no React.
import { three } from "./numbers";

/** Viridis: even in lightness, safe for colour-blind readers; low is dark, high is yellow, on any paper. */
const VIRIDIS = ["440154", "48186a", "472d7b", "424086", "3b528b", "33638d", "2c728e", "26828e", "21918c", "1fa088", "28ae80", "3fbc73", "5ec962", "84d44b", "addc30", "d8e219", "fde725"]
  .map((hex) => [0, 2, 4].map((k) => Number.parseInt(hex.slice(k, k + 2), 16)) as [number, number, number]);
const MOST_DECADES = 5; // below that the colours would tell of traces only
const LOG_FROM = 30;    // where values span more than this, the scale is logarithmic

export interface Scale { low: number; high: number; log: boolean }

/** One scale for all pictures that are compared. */
export function scaleOf(tables: Iterable<ArrayLike<number>>): Scale {
  let [least, most] = [Infinity, 0];
  for (const table of tables) for (let k = 0; k < table.length; k++) {
    const v = table[k]!;
    if (v > 0 && v < least) least = v;
    if (v > most) most = v;
  }
  if (!(most > 0)) return { low: 0, high: 1, log: false };
  const log = most / least > LOG_FROM;
  return log ? { low: 10 ** Math.max(Math.floor(Math.log10(least)), Math.ceil(Math.log10(most)) - MOST_DECADES), high: most, log } : { low: 0, high: most, log };
}

/** Where a value lies on the scale, 0 to 1; what is below the scale is 0. NaN stays NaN. */
export function share(scale: Scale, v: number): number {
  if (Number.isNaN(v)) return NaN;
  const s = scale.log ? (v > 0 ? Math.log(v / scale.low) / Math.log(scale.high / scale.low) : 0) : (v - scale.low) / (scale.high - scale.low);
  return Math.min(1, Math.max(0, s));
}

export function colour(s: number): [number, number, number] {
  const place = s * (VIRIDIS.length - 1);
  const k = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const [a, b] = [VIRIDIS[k]!, VIRIDIS[k + 1]!];
  return [0, 1, 2].map((c) => Math.round(a[c]! + (place - k) * (b[c]! - a[c]!))) as [number, number, number];
}

/** Values to write beside the scale: powers of ten (and halves of few of them), or a few round numbers. */
export function ticksOf(scale: Scale): number[] {
  if (!scale.log) {
    const raw = (scale.high - scale.low) / 4;
    const whole = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].find((m) => m * whole >= raw)! * whole;
    return Array.from({ length: Math.floor((scale.high - scale.low) / step + 1e-9) + 1 }, (_, k) => scale.low + k * step);
  }
  const few = scale.high / scale.low < 200;
  const found = [];
  for (let e = Math.round(Math.log10(scale.low)); 10 ** e <= scale.high * 1.0001; e++)
    for (const m of few ? [1, 2, 5] : [1]) if (m * 10 ** e <= scale.high * 1.0001) found.push(Number(`${m}e${e}`));
  return found;
}

/** A time axis: `hours` after the first dose, logarithmic, or `days` after injury. */
export interface Axis { kind: "hours" | "days"; low: number; high: number }

export function timeAt(axis: Axis, u: number): number {
  return axis.kind === "hours" ? axis.low * (axis.high / axis.low) ** u : axis.low + u * (axis.high - axis.low);
}

export function shareOf(axis: Axis, t: number): number {
  return axis.kind === "hours" ? Math.log(t / axis.low) / Math.log(axis.high / axis.low) : (t - axis.low) / (axis.high - axis.low);
}

const AT_H: [number, string][] = [[1 / 12, "5 min"], [1 / 2, "30 min"], [1, "1 h"], [4, "4 h"], [12, "12 h"], [24, "1 d"], [96, "4 d"], [336, "2 wk"], [1344, "8 wk"], [4368, "26 wk"]];

export function timeTicks(axis: Axis, room: number): { u: number; label: string }[] {
  const every = axis.kind === "hours" ? AT_H.filter(([h]) => h >= axis.low * 0.999 && h <= axis.high).map(([h, label]) => ({ u: shareOf(axis, h), label }))
    : days(axis, room).map((d) => ({ u: shareOf(axis, d), label: String(d) }));
  const kept: { u: number; label: string }[] = [];
  for (const tick of every) if (!kept.length || (tick.u - kept.at(-1)!.u) * room > 46) kept.push(tick);
  return kept;
}

function days(axis: Axis, room: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((s) => ((axis.high - axis.low) / s) * 46 < room) ?? 100;
  return Array.from({ length: Math.floor(axis.high / step) - Math.ceil(axis.low / step) + 1 }, (_, k) => (Math.ceil(axis.low / step) + k) * step);
}

export interface Picture {
  rows: string[]; axis: Axis; scale: Scale; value: (row: number, u: number) => number;
  needles: { row: number; u: number }[]; chosen: { row: number; u: number };
}
export interface Paper { ink: string; card: string; grid: string }

export const LEFT = 112, ROW = 24, FOOT = 24, TOP = 2;
const STEP = 3; // pixels of one column
const EDGE = 20; // room for half a number beside the scale

export const heightOf = (rows: number): number => TOP + rows * ROW + FOOT;

/** The whole picture, at the screen's own resolution. */
export function paint(canvas: HTMLCanvasElement, width: number, picture: Picture, paper: Paper): void {
  const context = sized(canvas, width, heightOf(picture.rows.length));
  if (!context) return;
  const { rows, axis, scale } = picture;
  const room = width - LEFT - 6;
  const columns = Math.max(1, Math.floor(room / STEP));
  rows.forEach((label, k) => {
    const y = TOP + k * ROW;
    for (let c = 0; c < columns; c++) {
      const s = share(scale, picture.value(k, (c + 0.5) / columns));
      if (Number.isNaN(s)) continue;
      const [left, right] = [Math.round((c * room) / columns), Math.round(((c + 1) * room) / columns)];
      context.fillStyle = `rgb(${colour(s).join(" ")})`;
      context.fillRect(LEFT + left, y, right - left, ROW - 1);
    }
    context.fillStyle = paper.ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.font = `${k === picture.chosen.row ? "bold " : ""}12px system-ui, sans-serif`;
    context.fillText(label, LEFT - 6, y + ROW / 2, LEFT - 8);
  });
  const foot = TOP + rows.length * ROW;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "top";
  for (const { u, label } of timeTicks(axis, room)) {
    context.fillStyle = paper.ink;
    context.fillRect(LEFT + u * room, foot, 1, 4);
    const wide = context.measureText(label).width / 2;
    context.textAlign = "center";
    context.fillText(label, Math.min(LEFT + room - wide, LEFT + u * room), foot + 6);
  }
  for (const needle of picture.needles) arrow(context, LEFT + Math.max(0, needle.u) * room, TOP + (needle.row + 0.5) * ROW);
  cross(context, picture, room, foot);
}

/** Where a dose goes in: a white arrow head with a dark edge, seen on every colour. */
function arrow(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  context.moveTo(x + 9, y);
  context.lineTo(x, y - 6);
  context.lineTo(x, y + 6);
  context.closePath();
  context.fillStyle = "#fff";
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = "#111";
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, { chosen }: Picture, room: number, foot: number): void {
  const x = LEFT + chosen.u * room, y = TOP + chosen.row * ROW;
  for (const [stroke, width] of [["#111", 3], ["#fff", 1.25]] as const) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x, TOP);
    context.lineTo(x, foot);
    context.stroke();
    if (chosen.row >= 0) context.strokeRect(LEFT, y, room, ROW - 1);
  }
}

/** The scale with its values; the same for every picture beside it. */
export function paintScale(canvas: HTMLCanvasElement, width: number, scale: Scale, paper: Paper): void {
  const context = sized(canvas, width, 34);
  if (!context) return;
  const wide = Math.min(width - 2 * EDGE, 420);
  for (let x = 0; x < wide; x++) {
    context.fillStyle = `rgb(${colour(x / (wide - 1)).join(" ")})`;
    context.fillRect(EDGE + x, 0, 1, 12);
  }
  context.fillStyle = paper.ink;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "top";
  let last = -Infinity;
  for (const v of ticksOf(scale)) {
    const x = EDGE + share(scale, v) * (wide - 1);
    context.fillRect(x, 12, 1, 4);
    if (x - last < 44) continue;
    last = x;
    context.textAlign = "center";
    context.fillText(`${scale.log && v === scale.low ? "≤ " : ""}${three(v)}`, x, 18);
  }
}

/** A canvas of so many of the page's pixels, cleared; null where the browser has no canvas. */
function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const fine = devicePixelRatio || 1;
  canvas.width = Math.round(width * fine);
  canvas.height = Math.round(height * fine);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context?.scale(fine, fine);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** All canvases of a figure on one sheet, under their titles. */
export function sheet(parts: { title: string; canvas: HTMLCanvasElement }[], paper: Paper): HTMLCanvasElement {
  const fine = devicePixelRatio || 1;
  const whole = document.createElement("canvas");
  whole.width = Math.max(...parts.map((p) => p.canvas.width)) + 24 * fine;
  whole.height = parts.reduce((sum, p) => sum + p.canvas.height + 30 * fine, 12 * fine);
  const context = whole.getContext("2d");
  if (!context) return whole;
  context.fillStyle = paper.card;
  context.fillRect(0, 0, whole.width, whole.height);
  context.font = `bold ${13 * fine}px system-ui, sans-serif`;
  let y = 12 * fine;
  for (const { title, canvas } of parts) {
    context.fillStyle = paper.ink;
    context.fillText(title, 12 * fine, y + 14 * fine);
    context.drawImage(canvas, 12 * fine, y + 22 * fine);
    y += canvas.height + 30 * fine;
  }
  return whole;
}

// What a chart draws on its canvas: curves, bands, points with their errors, marks.
import uPlot from "uplot";
import { type ChartProps, ends, legible, spread } from "./curves";
import { at, three, union } from "./numbers";

/** Okabe and Ito's colours, told apart by colour-blind readers; line styles differ too. */
export const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
export const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [14, 4]];

/** On dark paper some colours are too dim; their lighter neighbours of the same set stand in. */
const LIGHTER: Record<string, string> = { "#0072B2": "#56B4E9", "#56B4E9": "#F0E442", "#555555": "#c4c4c4", "#999999": "#8a8a8a", "#7a7a7a": "#a8a8a8", "#009E73": "#2fd0a3" };
export function shade(colour: string): string {
  return getComputedStyle(document.documentElement).colorScheme === "dark" ? LIGHTER[colour] ?? colour : colour;
}

/** The colours of the page as it is now. */
export function theme(): { ink: string; grid: string; card: string } {
  const style = getComputedStyle(document.documentElement);
  const named = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return { ink: named("--muted", "#555"), grid: named("--grid", "#ddd"), card: named("--card", "#fff") };
}

export function draw(element: HTMLDivElement, props: ChartProps, tell: (text: string) => void): uPlot {
  const { ink, grid } = theme();
  const x = union(props.curves.map((c) => c.x));
  const columns: (number | null)[][] = [x];
  const series: uPlot.Series[] = [{ label: props.xLabel }];
  const bands: uPlot.Band[] = [];
  const font = "12px system-ui, sans-serif";
  for (const curve of props.curves) {
    if (curve.low && curve.high) {
      columns.push(spread(curve, x, curve.high), spread(curve, x, curve.low));
      series.push({ points: { show: false }, width: 0, spanGaps: false }, { points: { show: false }, width: 0, spanGaps: false });
      bands.push({ series: [series.length - 2, series.length - 1], fill: curve.colour + "33" });
    }
    columns.push(spread(curve, x, curve.y));
    const points = curve.kind === "points";
    series.push({ label: curve.label, stroke: curve.faint ? curve.colour + "40" : curve.colour,
                  width: points ? 0 : curve.width ?? 2.25, dash: curve.dash, spanGaps: false,
                  paths: points ? () => null : undefined,
                  points: points ? { show: true, size: curve.faint ? 3 : 7, fill: curve.faint ? curve.colour + "55" : curve.colour, width: 0 } : { show: false } });
  }
  const named = legible(props.curves);
  const axis: uPlot.Axis = { stroke: ink, font, labelFont: font, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
  return new uPlot({
    width: Math.max(200, Math.floor(element.clientWidth)), height: props.height ?? 320,
    legend: { show: false }, cursor: { drag: { x: true, y: false }, points: { show: false } },
    scales: { x: { time: false, distr: props.xLog ? 3 : 1, range: props.xLog ? (_, low, high) => [low, high] : undefined }, y: { distr: props.log ? 3 : 1, range: props.limits ? () => props.limits! : props.log ? logRange : undefined } },
    axes: [{ ...axis, label: props.xLabel, labelSize: 22, size: 36, ...(props.xLog && { splits, filter: powers, grid: { ...axis.grid, filter: powers }, values: (_, ticks) => ticks.map((v) => (v === null ? "" : three(v))) }) },
           { ...axis, grid: { ...axis.grid, ...(props.log && { filter: decades }) }, ...(props.log && { splits, filter: labelled }), label: props.yLabel, labelSize: 22, size: 54, values: (_, ticks) => ticks.map((v) => (v === null ? "" : three(v))) }],
    series, bands,
    hooks: {
      draw: [(u) => { marks(u, props, ink); errors(u, props); }],
      setCursor: [(u) => {
        const where = u.cursor.left === undefined || u.cursor.left < 0 ? NaN : u.posToVal(u.cursor.left, "x");
        tell(Number.isFinite(where) ? [`${three(where)} ${props.xUnit ?? "d"}`, ...named.slice(0, 5).map((c) => `${c.label}: ${three(at(c.x, c.y, where))}`)].join("   ") : "");
      }],
    },
  }, columns as unknown as uPlot.AlignedData, element);
}

/** A little more than the values; whole decades would leave half of the paper empty. */
function logRange(_: uPlot, low: number, high: number): [number, number] {
  return low > 0 && Number.isFinite(high) ? [low / 1.4, high * 1.25] : [0.1, 10];
}

/** Of a logarithmic axis, lines at round numbers; over many decades at the powers of ten alone. */
function decades(u: uPlot, splits: number[]): (number | null)[] {
  return wide(u) ? powers(u, splits) : round(splits, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

function labelled(u: uPlot, splits: number[]): (number | null)[] {
  return wide(u) ? powers(u, splits) : round(splits, [1, 2, 5]);
}

function powers(_: uPlot, splits: number[]): (number | null)[] {
  return round(splits, [1]);
}

/** One to nine of every power of ten; the library begins at the end of the scale, which need not be round. */
function splits(_: uPlot, __: number, low: number, high: number): number[] {
  const found: number[] = [];
  for (let e = Math.floor(Math.log10(low)); 10 ** e <= high; e++) for (let m = 1; m < 10; m++) found.push(Number(`${m}e${e}`));
  return found.filter((v) => v >= low * 0.999999 && v <= high * 1.000001);
}

const wide = (u: uPlot): boolean => (u.scales.y?.max ?? 10) / (u.scales.y?.min ?? 1) >= 200;

function round(splits: number[], first: number[]): (number | null)[] {
  return splits.map((v) => (first.some((m) => Math.abs(v / 10 ** Math.floor(Math.log10(v) + 1e-9) - m) < 1e-6) ? v : null));
}

/** Doses as upright lines, relief as a strip, the level as a dotted line. */
function marks(u: uPlot, props: ChartProps, ink: string): void {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const span of props.spans ?? []) {
    const [a, b] = [u.valToPos(span.from, "x", true), u.valToPos(span.to, "x", true)];
    ctx.fillStyle = shade(span.colour);
    ctx.fillRect(a, bbox.top + bbox.height - (6 + 8 * span.row) * scale, Math.max(2, b - a), 6 * scale);
  }
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.setLineDash([4 * scale, 4 * scale]);
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  let line = 0;
  for (const mark of props.marks ?? []) {
    const x = u.valToPos(mark.x, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const wide = ctx.measureText(mark.label).width;
    const left = x + wide + 8 * scale > bbox.left + bbox.width;
    ctx.fillText(mark.label, left ? x - wide - 4 * scale : x + 4 * scale, bbox.top + (13 + 14 * (line++ % 4)) * scale);
  }
  if (props.level) {
    const y = u.valToPos(props.level.y, "y", true);
    ctx.setLineDash([2 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(props.level.label, bbox.left + 6 * scale, y - 5 * scale);
  }
  ctx.restore();
}

function errors(u: uPlot, props: ChartProps): void {
  const { ctx } = u;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const curve of props.curves) {
    if (!curve.error) continue;
    ctx.strokeStyle = curve.colour;
    const [low, high] = ends(curve, props.log);
    for (let k = 0; k < curve.x.length; k++) {
      const x = u.valToPos(curve.x[k]!, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, u.valToPos(low[k]!, "y", true));
      ctx.lineTo(x, u.valToPos(high[k]!, "y", true));
      ctx.stroke();
    }
  }
  ctx.restore();
}

// What a chart is given, and its curves as numbers: in between, at their ends, and as a table.
import { at, union } from "./numbers";

export interface Curve {
  label: string; x: ArrayLike<number>; y: ArrayLike<number>; colour: string; dash?: number[]; width?: number;
  kind?: "line" | "points"; faint?: boolean; low?: ArrayLike<number>; high?: ArrayLike<number>; bandLabel?: string;
  error?: ArrayLike<number>; bandOnly?: boolean; unnamed?: boolean;
}
/** A stretch of time as a strip at the foot, in its own row. */
export interface Span { from: number; to: number; colour: string; row: number }
export interface ChartProps {
  title: string; xLabel: string; yLabel: string; curves: Curve[]; marks?: { x: number; label: string }[];
  log?: boolean; limits?: [number, number]; level?: { y: number; label: string }; summary: string; name: string;
  height?: number; spans?: Span[]; xLog?: boolean; xUnit?: string;
}

export function spread(curve: Curve, x: number[], y: ArrayLike<number> | undefined): (number | null)[] {
  if (!y) return x.map(() => null);
  if (curve.kind === "points") {
    const known = new Map(Array.from(curve.x, (value, k) => [value, y[k]!]));
    return x.map((value) => finite(known.get(value)));
  }
  return x.map((value) => finite(at(curve.x, y, value)));
}

const finite = (v: number | undefined): number | null => (v !== undefined && Number.isFinite(v) ? v : null);

/** Curves whose values are read out under the cursor. */
export const legible = (curves: Curve[]): Curve[] => curves.filter((c) => !c.faint && !c.unnamed && !c.bandOnly && c.kind !== "points");
export const readable = (curves: Curve[]): boolean => legible(curves).length > 0;

/** Where the error bars of a curve end; on a logarithmic axis the error is a factor. */
export function ends({ y, error }: Curve, log?: boolean): [number[], number[]] {
  const each = Array.from(y, (v, k) => { const e = error?.[k] ?? (log ? 1 : 0); return log ? [v / e, v * e] : [v - e, v + e]; });
  return [each.map(([low]) => low!), each.map(([, high]) => high!)];
}

/** The numbers of a chart: a mean with an error has its two ends beside it, and stands only where it was measured. */
export function tabled(props: Pick<ChartProps, "curves" | "xLabel" | "log">): { header: string[]; rows: (string | number)[][] } {
  const named = props.curves.filter((c) => !c.faint && !c.unnamed && !c.bandOnly).map((c) => ({ ...c, ...(c.error && { kind: "points" as const, ends: ends(c, props.log) }) }));
  const header = [props.xLabel, ...named.flatMap((c) => [c.label, ...(c.low && c.high ? [`${c.label}, low`, `${c.label}, high`] : []), ...(c.ends ? [`${c.label}, mean − SEM`, `${c.label}, mean + SEM`] : [])])];
  const rows = union(named.map((c) => c.x)).map((x) => [x, ...named.flatMap((c) => [c.y, ...(c.low && c.high ? [c.low, c.high] : []), ...(c.ends ?? [])].map((y) => spread(c, [x], y)[0] ?? ""))]);
  return { header, rows };
}

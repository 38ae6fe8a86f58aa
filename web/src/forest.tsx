// An interval plot: estimates with their intervals in rows, the numbers beside them, an axis below, data and figure to keep.
import { csv, save } from "./numbers";

export interface Row {
  label: string; estimate: number | null; low: number | null; high: number | null; note?: string;
  open?: boolean;                             // the high end is not known: an arrow
  pooled?: boolean;                           // a diamond
  predicted?: [number | null, number | null]; // where another study would lie
}
interface Props { title: string; rows: Row[]; unit: string; name: string; line?: number; log?: boolean; left?: string; right?: string; range?: [number, number]; hint?: string }

export function Forest(props: Props) {
  const { title, rows, unit, name, line, left, right, hint } = props;
  const scale = scaled(props);
  if (!scale) return null;
  const { x, ticks } = scale;
  const remarks = rows.some((r) => r.note);
  return (
    <figure className="forest">
      <div className="scroll" tabIndex={0} role="region" aria-label={title}>
        <table>
          <caption>{title}{hint ? <span className="hint">{hint}</span> : null}</caption>
          <thead><tr><th scope="col">What</th><th scope="col" className="drawn">{left && right ? `← ${left} · ${right} →` : "Interval"}</th>
            <th scope="col">{unit}</th>{remarks && <th scope="col">Remark</th>}</tr></thead>
          <tbody>{rows.map((r, k) => (
            <tr key={k} className={r.pooled ? "pooled" : undefined}>
              <th scope="row">{r.label}</th>
              <td className="drawn"><svg width="100%" height="22" aria-hidden="true">
                {ticks.map((t) => <line key={t} x1={x(t)} x2={x(t)} y1="0" y2="22" className="rule" />)}
                {line !== undefined && <line x1={x(line)} x2={x(line)} y1="0" y2="22" className="zero" />}
                {r.predicted && r.predicted[0] !== null && r.predicted[1] !== null && <line x1={x(r.predicted[0])} x2={x(r.predicted[1])} y1="11" y2="11" className="predicted" />}
                {!r.open && r.low !== null && r.high !== null && <line x1={x(r.low)} x2={x(r.high)} y1="11" y2="11" className="whisker" />}
                {r.open && r.low !== null && <><line x1={x(r.low)} x2="99%" y1="11" y2="11" className="whisker open" /><svg x="99%" overflow="visible"><path d="M-7 6 L1 11 L-7 16" className="whisker arrow" /></svg></>}
                {r.estimate !== null && <svg x={x(r.estimate)} overflow="visible">{r.pooled ? <path d="M-7 11 L0 5 L7 11 L0 17 Z" className="estimate" /> : <rect x="-4" y="7" width="8" height="8" className="estimate" />}</svg>}
              </svg></td>
              <td className="number">{told(r)}</td>{remarks && <td>{r.note}</td>}
            </tr>))}
          </tbody>
          <tfoot aria-hidden="true"><tr><td /><td className="drawn"><svg width="100%" height="20">
            {ticks.map((t) => <svg key={t} x={x(t)} overflow="visible"><line y1="0" y2="5" className="tick" /><text y="17" textAnchor="middle">{short(t)}</text></svg>)}
          </svg></td><td>{unit}</td>{remarks && <td />}</tr></tfoot>
        </table>
      </div>
      <div className="under">
        <button type="button" className="quiet" aria-label={`${title}: CSV`} onClick={() => save(`${name}.csv`, asCsv(rows, unit), "text/csv")}>CSV</button>
        <button type="button" className="quiet" aria-label={`${title}: SVG`} onClick={() => save(`${name}.svg`, asSvg(props), "image/svg+xml")}>SVG</button>
      </div>
    </figure>
  );
}

function told(r: Row): string {
  if (r.open) return `at least ${one(r.low)}`;
  if (r.low === null && r.high === null) return one(r.estimate);
  return r.estimate === null ? `${one(r.low)} to ${one(r.high)}` : `${one(r.estimate)} (${one(r.low)} to ${one(r.high)})`;
}

const one = (v: number | null) => (v === null || !Number.isFinite(v) ? "not known" : Math.abs(v) >= 100 ? v.toFixed(0) : String(Number(v.toPrecision(2))));
const short = (v: number) => (Math.abs(v) >= 1e4 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential().replace("e+", "e") : String(Number(v.toPrecision(6))));

/** Where a value stands, in per cent of the width; and round numbers to mark. */
function scaled({ rows, line, log = false, range }: Props): { x: (v: number) => string; share: (v: number) => number; ticks: number[] } | null {
  const known = [...rows.flatMap((r) => [r.low, r.high, r.estimate, ...(r.predicted ?? [])]), ...(range ?? [])]
    .filter((v): v is number => v !== null && Number.isFinite(v) && (!log || v > 0));
  if (!known.length) return null;
  const shape = (v: number) => (log ? Math.log(Math.max(v, 1e-9)) : v);
  const ends = [...known, ...(line !== undefined ? [line] : [])].map(shape);
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const pad = (last - first || 1) * 0.04;
  const share = (v: number) => 0.03 + 0.94 * Math.min(1, Math.max(0, (shape(v) - first + pad) / (last - first + 2 * pad)));
  const [low, high] = log ? [Math.exp(first - pad), Math.exp(last + pad)] : [first - pad, last + pad];
  return { x: (v) => `${(100 * share(v)).toFixed(2)}%`, share, ticks: log ? decades(low, high) : rounds(low, high) };
}

function rounds(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = ten * ([1, 2, 2.5, 5, 10].find((m) => m * ten >= rough) ?? 10);
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, k) => Number(((Math.ceil(low / step) + k) * step).toPrecision(12)));
}

function decades(low: number, high: number): number[] {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const found: number[] = [];
    for (let d = Math.floor(Math.log10(low)); d <= Math.ceil(Math.log10(high)); d++)
      for (const s of steps) { const v = Number((s * 10 ** d).toPrecision(6)); if (v >= low && v <= high) found.push(v); }
    if (found.length <= 7) return found.length > 1 ? found : rounds(low, high).filter((v) => v > 0);
  }
  return [];
}

function asCsv(rows: Row[], unit: string): string {
  return csv(["what", "estimate", "low", "high", "unit", "remark"], rows.map((r) => [r.label, r.estimate ?? "", r.low ?? "", r.open ? "" : r.high ?? "", unit, r.note ?? ""]));
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);

/** The figure on its own, for a slide or a paper. */
function asSvg(props: Props): string {
  const { rows, title, unit, line, left, right } = props;
  const { share, ticks } = scaled(props)!;
  const at = (v: number) => (230 + 360 * share(v)).toFixed(1);
  const bottom = 52 + 22 * rows.length;
  const text = (x: number | string, y: number, words: string, more = "") => `<text x="${x}" y="${y}" ${more}>${escaped(words)}</text>`;
  const upright = (v: number, more: string) => `<line x1="${at(v)}" x2="${at(v)}" y1="44" y2="${bottom}" ${more}/>`;
  const drawn = rows.map((r, k) => {
    const y = 56 + 22 * k;
    const bar = (a: number, b: number | string, more = "") => `<line x1="${at(a)}" x2="${typeof b === "number" ? at(b) : b}" y1="${y}" y2="${y}" stroke="#1b1f23" stroke-width="2" ${more}/>`;
    const e = r.estimate === null ? "" : r.pooled ? `<path d="M${Number(at(r.estimate)) - 7} ${y} l7 -6 l7 6 l-7 6 z" fill="#005a94"/>` : `<rect x="${Number(at(r.estimate)) - 4}" y="${y - 4}" width="8" height="8" fill="#005a94"/>`;
    return text(8, y + 4, r.label) + (r.predicted && r.predicted[0] !== null && r.predicted[1] !== null ? bar(r.predicted[0], r.predicted[1], 'stroke-dasharray="1 4"') : "")
      + (r.low === null ? "" : r.open ? bar(r.low, "590", 'stroke-dasharray="6 3"') : r.high === null ? "" : bar(r.low, r.high)) + e + text(604, y + 4, told(r));
  }).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${bottom + 62}" font-family="sans-serif" font-size="12" fill="#1b1f23"><rect width="100%" height="100%" fill="#fff"/>`
    + text(8, 20, title, 'font-weight="bold" font-size="14"') + (left && right ? text(410, 40, `← ${left} · ${right} →`, 'text-anchor="middle" fill="#535b63"') : "")
    + ticks.map((t) => upright(t, 'stroke="#e4e8eb"') + text(at(t), bottom + 16, short(t), 'text-anchor="middle"')).join("")
    + (line === undefined ? "" : upright(line, 'stroke="#535b63" stroke-dasharray="3 3"')) + drawn + text(410, bottom + 34, unit, 'text-anchor="middle"')
    + text(8, bottom + 54, "Thecal. Computer model, not medical advice.", 'fill="#535b63" font-size="10"') + "</svg>\n";
}

// A table that becomes a list of cards on a phone. Its roles are spelt out, for a changed display may take them away.
import type { ReactNode } from "react";

interface Props { label: string; caption: ReactNode; columns: string[]; rows: ReactNode[][]; head?: number; tall?: boolean; small?: number[] }

/** `head` is the column that names a row (-1: none); `small` are columns in small print. */
export function Table({ label, caption, columns, rows, head = 0, tall = false, small = [] }: Props) {
  return (
    <div className={`scroll${tall ? " tall" : ""}`} tabIndex={0} role="region" aria-label={label}>
      <table className="stack" role="table">
        <caption>{caption}</caption>
        <thead role="rowgroup"><tr role="row">{columns.map((c) => <th key={c} scope="col" role="columnheader">{c}</th>)}</tr></thead>
        <tbody role="rowgroup">{rows.map((cells, k) => (
          <tr key={k} role="row">{cells.map((cell, j) => (j === head
            ? <th key={j} scope="row" role="rowheader" data-name={columns[j]}>{cell}</th>
            : <td key={j} role="cell" data-name={columns[j]} className={small.includes(j) ? "small" : undefined}>{cell}</td>))}</tr>))}</tbody>
      </table>
    </div>
  );
}

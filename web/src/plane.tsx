// Benefit against harm, one dot for each draw; above the dotted line the harm weighs more.
import { useState } from "react";
import { csv, quantile, save, three } from "./numbers";
import type { Weighing } from "./people";
import { Table } from "./table";

const SHARES = [0.05, 0.25, 0.5, 0.75, 0.95];

export function Plane({ plane }: { plane: Weighing }) {
  const [table, show] = useState(false);
  const gain = plane.benefit_per_100;
  if (!gain) return null;
  const most = Math.max(20, ...gain.map(Math.abs), ...plane.harm_per_100) * 1.05;
  const x = (v: number) => 46 + 250 * ((v + most) / (2 * most));
  const y = (v: number) => 206 - 190 * (v / most);
  const step = [5, 10, 20, 50].find((s) => most / s <= 5) ?? 100;
  const up = Array.from({ length: Math.floor(most / step) + 1 }, (_, k) => k * step);
  const along = [...up.slice(1).map((v) => -v).reverse(), ...up];
  const told = `Benefit against weighed harm of 100 people, one dot for each of ${gain.length} draws. Benefit ${three(quantile(gain, 0.05))} to ${three(quantile(gain, 0.95))}, harm ${three(quantile(plane.harm_per_100, 0.05))} to ${three(quantile(plane.harm_per_100, 0.95))}.`;
  return (
    <figure className="chart">
      <figcaption>Benefit against harm; above the dotted line the harm weighs more</figcaption>
      {table ? <Table label="Benefit and harm, as a table" caption="Of 100 people, over draws" columns={["Share of draws below", "Relieved beyond no cells", "Weighed harm"]}
                      rows={SHARES.map((s) => [`${100 * s} %`, three(quantile(gain, s)), three(quantile(plane.harm_per_100, s))])} /> : (
        <svg viewBox="0 0 306 246" className="plane" role="img" aria-label={told}>
          {up.map((v) => <g key={v}><line x1="46" x2="296" y1={y(v)} y2={y(v)} className="axis" /><text x="42" y={y(v) + 3} textAnchor="end">{v}</text></g>)}
          {along.map((v) => <text key={v} x={x(v)} y="218" textAnchor="middle">{v}</text>)}
          <line x1={x(0)} x2={x(0)} y1="16" y2="206" className="axis" /><line x1={x(0)} x2={x(most)} y1={y(0)} y2={y(most)} className="zero" />
          {gain.map((g, k) => <circle key={k} cx={x(g)} cy={y(plane.harm_per_100[k] ?? 0)} r="1.6" className="dot" />)}
          <text x="171" y="236" textAnchor="middle">relieved beyond no cells, of 100</text><text x="14" y="111" transform="rotate(-90 14 111)" textAnchor="middle">weighed harm, of 100</text>
        </svg>)}
      <div className="under">
        <button type="button" className="quiet" aria-pressed={table} onClick={() => show(!table)}>Table</button>
        <button type="button" className="quiet" onClick={() => save("benefit-harm.csv", csv(["relieved beyond no cells, of 100", "weighed harm, of 100"], gain.map((g, k) => [g, plane.harm_per_100[k] ?? ""])), "text/csv")}>CSV</button>
        <button type="button" className="quiet" disabled={table} onClick={(e) => save("benefit-harm.svg", alone(e.currentTarget.closest("figure")?.querySelector("svg")), "image/svg+xml")}>SVG</button>
      </div>
    </figure>
  );
}

/** The drawing with its styles written into it, so that it stands alone. */
function alone(drawing: SVGSVGElement | null | undefined): string {
  if (!drawing) return "";
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.insertAdjacentHTML("afterbegin", '<style>svg{font:10px sans-serif;background:#fff}text{fill:#535b63}.axis{stroke:#cfd5da}.zero{stroke:#535b63;stroke-dasharray:3 3}.dot{fill:#005a94;opacity:.6}</style>');
  return new XMLSerializer().serializeToString(copy);
}

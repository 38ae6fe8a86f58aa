// Small pieces that several pages use.
import { type ReactNode, useId } from "react";
import type { Problem } from "./api";

export function Problems({ list, onLine, title = "Findings" }: {
  list: Problem[]; onLine?: (line: number) => void; title?: string;
}) {
  if (!list.length) return null;
  return (
    <ul className="problems" aria-label={title}>
      {list.map((p, k) => (
        <li key={k} className={p.severity}>
          <span className="badge">{p.severity}</span>{" "}
          {p.line && onLine ? <button type="button" className="link" onClick={() => onLine(p.line!)}>{p.where}</button>
            : <span className="where">{p.where}</span>}: {p.what}
          {p.seen && <> – found <q>{p.seen}</q></>}
          {p.allowed && <>; allowed: {p.allowed}</>}
          {p.remedy && <>. <em>{p.remedy}</em></>}
        </li>))}
    </ul>
  );
}

export function Field({ label, hint, problems = [], children }: {
  label: string; hint?: string; problems?: Problem[]; children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode;
}) {
  const id = useId();
  const told = hint || problems.length ? `${id}h` : undefined;
  const wrong = problems.some((p) => p.severity === "error");
  return (
    <div className={`field${wrong ? " wrong" : ""}`}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": told, "aria-invalid": wrong || undefined })}
      {told && <div id={told} className="hint">
        {problems.map((p, k) => <span key={k} className={p.severity}>{p.severity}: {p.what}{p.allowed ? ` (allowed: ${p.allowed})` : ""} </span>)}
        {hint}
      </div>}
    </div>
  );
}

/** `shown` stands beside the slider; `spoken`, where it differs, is what a screen reader says. */
export function Slider({ label, value, low, high, step, shown, spoken, hint, problems, onChange }: {
  label: string; value: number; low: number; high: number; step: number; shown: string; spoken?: string; hint?: string;
  problems?: Problem[]; onChange: (value: number) => void;
}) {
  return (
    <Field label={label} hint={hint} problems={problems}>
      {(ids) => (
        <div className="slider">
          <input type="range" min={low} max={high} step={step} value={Math.min(high, Math.max(low, value))}
                 aria-valuetext={spoken ?? shown} onChange={(e) => onChange(Number(e.target.value))} {...ids} />
          <output htmlFor={ids.id}>{shown}</output>
        </div>)}
    </Field>
  );
}

export function Choice({ label, value, options, onChange, problems, hint }: {
  label: string; value: string; options: (string | { value: string; label: string })[]; onChange: (value: string) => void;
  problems?: Problem[]; hint?: string;
}) {
  const list = options.map((o) => (typeof o === "string" ? { value: o, label: o } : o));
  if (!list.some((o) => o.value === value)) list.unshift({ value, label: value || "(not set)" });
  return (
    <Field label={label} problems={problems} hint={hint}>
      {(ids) => <select value={value} onChange={(e) => onChange(e.target.value)} {...ids}>
        {list.map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
      </select>}
    </Field>
  );
}

/** An interval plot: estimates with their intervals in rows, with the numbers beside them. */
export interface Row { label: string; estimate: number | null; low: number | null; high: number | null; note?: string; open?: boolean }
export function Forest({ title, rows, unit, line, log = false, left, right }: {
  title: string; rows: Row[]; unit: string; line?: number; log?: boolean; left?: string; right?: string;
}) {
  const known = rows.flatMap((r) => [r.low, r.high, r.estimate]).filter((v): v is number => v !== null && Number.isFinite(v) && (!log || v > 0));
  if (!known.length) return null;
  const shape = (v: number) => (log ? Math.log(Math.max(v, 1e-9)) : v);
  const ends = [...known, ...(line !== undefined ? [line] : [])].map(shape);
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const pad = (last - first || 1) * 0.05;
  const x = (v: number) => 10 + 280 * ((shape(v) - first + pad) / (last - first + 2 * pad));
  const text = (r: Row) => (r.open ? `at least ${one(r.low)}` : r.estimate === null ? `${one(r.low)} to ${one(r.high)}` : `${one(r.estimate)} (${one(r.low)} to ${one(r.high)})`);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={title}>
      <table className="forest">
        <caption>{title}</caption>
        <thead><tr><th scope="col">What</th><th scope="col" className="drawn">{left && right ? `← ${left} · ${right} →` : "Interval"}</th>
          <th scope="col">{unit}</th><th scope="col">Remark</th></tr></thead>
        <tbody>{rows.map((r) => (
          <tr key={r.label}>
            <th scope="row">{r.label}</th>
            <td className="drawn"><svg viewBox="0 0 300 22" aria-hidden="true" preserveAspectRatio="none">
              {line !== undefined && <line x1={x(line)} x2={x(line)} y1="0" y2="22" className="zero" />}
              {!r.open && r.low !== null && r.high !== null && <line x1={x(r.low)} x2={x(r.high)} y1="11" y2="11" className="whisker" />}
              {r.open && r.low !== null && <><line x1={x(r.low)} x2="292" y1="11" y2="11" className="whisker open" /><path d="M286 6 L294 11 L286 16" className="whisker arrow" /></>}
              {r.estimate !== null && <rect x={x(r.estimate) - 4} y="7" width="8" height="8" className="estimate" />}
            </svg></td>
            <td className="number">{text(r)}</td><td>{r.note}</td>
          </tr>))}
        </tbody>
      </table>
    </div>
  );
}

const one = (v: number | null) => (v === null || !Number.isFinite(v) ? "not known" : Math.abs(v) >= 100 ? v.toFixed(0) : String(Number(v.toPrecision(2))));

export function Loading({ what }: { what: string }) {
  return <p className="loading" role="status">{what} …</p>;
}

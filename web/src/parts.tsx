// Small pieces that several pages use.
import { type ReactNode, useId } from "react";
import type { Problem } from "./api";
import { hasField } from "./findings";

/** Findings; where they can be reached, with ways to their line in the file and their field in the form. */
export function Problems({ list, onLine, onField, title = "Findings" }: {
  list: Problem[]; onLine?: (line: number) => void; onField?: (path: string) => void; title?: string;
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
          {onField && hasField(p.path) && <> <button type="button" className="link" onClick={() => onField(p.path!)} aria-label={`to its field: ${p.where}`}>to its field</button></>}
        </li>))}
    </ul>
  );
}

/** `at`: the place in the study file that the field is about. */
export function Field({ label, at, hint, problems = [], children }: {
  label: string; at?: string; hint?: string; problems?: Problem[]; children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode;
}) {
  const id = useId();
  const told = hint || problems.length ? `${id}h` : undefined;
  const wrong = problems.some((p) => p.severity === "error");
  return (
    <div className={`field${wrong ? " wrong" : ""}`} data-at={at}>
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
export function Slider({ label, at, value, low, high, step, shown, spoken, hint, problems, onChange }: {
  label: string; at?: string; value: number; low: number; high: number; step: number; shown: string; spoken?: string; hint?: string;
  problems?: Problem[]; onChange: (value: number) => void;
}) {
  return (
    <Field label={label} at={at} hint={hint} problems={problems}>
      {(ids) => (
        <div className="slider">
          <input type="range" min={low} max={high} step={step} value={Math.min(high, Math.max(low, value))}
                 aria-valuetext={spoken ?? shown} onChange={(e) => onChange(Number(e.target.value))} {...ids} />
          <output htmlFor={ids.id}>{shown}</output>
        </div>)}
    </Field>
  );
}

export function Choice({ label, at, value, options, onChange, problems, hint }: {
  label: string; at?: string; value: string; options: (string | { value: string; label: string })[]; onChange: (value: string) => void;
  problems?: Problem[]; hint?: string;
}) {
  const list = options.map((o) => (typeof o === "string" ? { value: o, label: o } : o));
  if (!list.some((o) => o.value === value)) list.unshift({ value, label: value || "(not set)" });
  return (
    <Field label={label} at={at} problems={problems} hint={hint}>
      {(ids) => <select value={value} onChange={(e) => onChange(e.target.value)} {...ids}>
        {list.map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
      </select>}
    </Field>
  );
}

export function Loading({ what }: { what: string }) {
  return <p className="loading" role="status">{what} …</p>;
}

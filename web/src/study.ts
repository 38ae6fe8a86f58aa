// The study file as data, and what the bench asks of it.
import { parse } from "yaml";
import { append } from "./patch";

export interface Give {
  what?: string; dose?: string; day?: string | number; days?: number[]; volume?: string; route?: string;
  level?: string; viability?: string | number; remaining?: Record<string, string | number>; infusion?: unknown;
  donor?: string;
}
export interface Arm {
  id: string; label?: string; n?: number; cohort?: string; role?: string; reference?: string; give?: Give[];
  injury?: unknown; remove?: { fraction?: string; day?: string | number }[];
}
export interface Test { assay?: string; cohorts?: string[]; arms?: string[]; [key: string]: unknown }
export interface Study {
  name?: string; title?: string; species?: string; strain?: string; n?: number; end?: string; seed?: number;
  injury?: string | { model?: string; day?: string | number }; hypotheses?: Record<string, string | number | boolean>;
  arms?: Arm[]; tests?: Test[]; [key: string]: unknown;
}

/** The data of a file; null where it cannot be read. */
export function data(text: string): Study | null {
  if (text.length > 1_000_000) return null;
  try {
    const found: unknown = parse(text, { maxAliasCount: 50 });
    return found !== null && typeof found === "object" && !Array.isArray(found) ? (found as Study) : null;
  } catch {
    return null;
  }
}

/** A copy of an arm under a new name, put behind it. */
export function copyArm(text: string, index: number): { text: string; id: string } {
  const study = data(text);
  const arm = study?.arms?.[index];
  if (!arm) return { text, id: "" };
  const taken = new Set(study?.arms?.map((a) => a.id.toLowerCase()));
  let id = "";
  for (let k = 2; !id; k++) if (!taken.has(`${arm.id}_${k}`.toLowerCase())) id = `${arm.id}_${k}`.slice(0, 60);
  const label = `${arm.label || arm.id}, copy`;
  return { text: append(text, ["arms"], { ...arm, id, label }), id };
}

export function quantity(text: unknown): { value: number; unit: string } | null {
  if (typeof text === "number") return { value: text, unit: "" };
  if (typeof text !== "string") return null;
  const found = /^\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*(.*?)\s*$/.exec(text);
  return found ? { value: Number(found[1]), unit: found[2] ?? "" } : null;
}

/** A number for a file: few digits, an exponent where it reads better. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(2));
  return Math.abs(rounded) >= 10000 ? rounded.toExponential().replace("e+", "e") : String(rounded);
}

/** The study with the arm and what it may be compared with, as text that is quick to read; for the preview. */
export function pruned(study: Study, armId: string, vehicles: Set<string>, reference?: string | null): string {
  const arm = study.arms?.find((a) => a.id === armId);
  if (!arm) return JSON.stringify(study);
  const cohort = arm.cohort ?? "main";
  const idle = (a: Arm) => (a.give ?? []).every((g) => vehicles.has(String(g?.what ?? "").toLowerCase()));
  const usual = (study.analysis as { reference?: string } | undefined)?.reference;
  const kept = (study.arms ?? []).filter((a) => a.id === armId || a.id === usual || a.id === arm.reference || a.id === reference ||
    ((a.cohort ?? "main") === cohort && idle(a)));
  const ids = new Set(kept.map((a) => a.id));
  const cohorts = new Set(kept.map((a) => a.cohort ?? "main"));
  const arms = kept.map((a) => {
    if (a.reference && !ids.has(a.reference)) return { ...a, reference: undefined };
    return a.id === armId && reference && !a.reference ? { ...a, reference } : a;
  });
  const tests = (study.tests ?? []).flatMap((t): Test[] => {
    if (t?.arms?.length) {
      const those = t.arms.filter((id) => ids.has(id));
      return those.length ? [{ ...t, arms: those }] : [];
    }
    const those = (t?.cohorts ?? ["main"]).filter((c) => cohorts.has(c));
    return those.length ? [{ ...t, cohorts: those }] : [];
  });
  return JSON.stringify({ ...study, description: undefined, sources: undefined, arms, tests });
}

/** Line and path of a finding as the form looks for them. */
export function concerns(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

// The study file as text and as data. A form changes only the piece of text that it is about, so comments stay.
import { type Document, isMap, isScalar, isSeq, parse, parseDocument } from "yaml";

export type Path = (string | number)[];
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

const SHOWN = { lineWidth: 0, flowCollectionPadding: false } as const;

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

/** A scalar as it is written in a file. */
export function written(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const simple = /^[A-Za-z0-9][A-Za-z0-9 _.%+/-]*$/.test(value) && !/ $/.test(value);
  if (simple && parse(value) === value) return value;
  return JSON.stringify(value);
}

/** The text with one value replaced, added, or (undefined) taken out. */
export function setIn(text: string, path: Path, value: unknown): string {
  const doc = parseDocument(text);
  if (doc.errors.length) return text;
  const node = doc.getIn(path, true);
  const plain = ["string", "number", "boolean"].includes(typeof value);
  if (plain && isScalar(node) && node.range && !node.anchor && !text.slice(node.range[0], node.range[1]).includes("\n")) {
    return text.slice(0, node.range[0]) + written(value as string) + text.slice(node.range[1]);
  }
  if (value === undefined) {
    if (!doc.hasIn(path)) return text;
    doc.deleteIn(path);
    tidy(doc, path.slice(0, -1));
  } else {
    open(doc, path.slice(0, -1));
    doc.setIn(path, plain ? value : flowing(doc, value));
  }
  return doc.toString(SHOWN);
}

/** Empty maps that a removal leaves behind go too. */
function tidy(doc: Document, path: Path): void {
  if (!path.length) return;
  const node = doc.getIn(path, true);
  if (isMap(node) && node.items.length === 0) doc.deleteIn(path);
}

/** Shorthands such as `injury: CCI`, and missing parents, become maps before something is put into them. */
function open(doc: Document, path: Path): void {
  for (let k = 1; k <= path.length; k++) {
    const here = path.slice(0, k);
    const node = doc.getIn(here, true);
    if (isScalar(node) && node.value !== null) doc.setIn(here, flowing(doc, { model: node.value }));
    else if (!isMap(node) && !isSeq(node)) doc.setIn(here, flowing(doc, {}));
  }
}

function flowing(doc: Document, value: unknown) {
  const node = doc.createNode(value);
  if (isMap(node) || isSeq(node)) node.flow = true;
  return node;
}

/** The text with an item added to the list at a path. */
export function append(text: string, path: Path, value: unknown): string {
  const doc = parseDocument(text);
  if (doc.errors.length) return text;
  if (!isSeq(doc.getIn(path, true))) doc.setIn(path, doc.createNode([]));
  const node = doc.createNode(value);
  if (isMap(node)) for (const pair of node.items) if (isMap(pair.value) || isSeq(pair.value)) pair.value.flow = true;
  doc.addIn(path, node);
  return doc.toString(SHOWN);
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

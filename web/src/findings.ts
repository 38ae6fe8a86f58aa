// Findings in words and by place, and what differs between two texts.
import type { Problem } from "./api";

/** A finding as one says it. */
export function told(p: Problem): string {
  return `${p.severity}: ${p.what}${p.seen ? ` – found “${p.seen}”` : ""}${p.allowed ? `; allowed: ${p.allowed}` : ""}${p.remedy ? `. ${p.remedy}` : ""}`;
}

/** Every place that a finding is about. */
export function spotsOf(p: Problem): { path: string; line: number | null }[] {
  return p.spots ?? [{ path: p.path ?? "", line: p.line ?? null }];
}

export function atLine(problems: Problem[], line: number): Problem[] {
  return problems.filter((p) => spotsOf(p).some((s) => s.line === line));
}

/** The smallest piece of a text that must be replaced to make it another; null where they are the same. */
export function change(before: string, after: string): { from: number; to: number; insert: string } | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  let end = 0;
  while (end < most - from && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

/** Which arm a finding is about, by its place in the file; -1 where it is about all. */
export function armOf(path: string | undefined): number {
  const found = /^arms\[(\d+)\]/.exec(path ?? "");
  return found ? Number(found[1]) : -1;
}

const FIELDS = /^(species|injury|n|end|hypotheses|arms\[\d+\]\.(give\[\d+\]\.(what|dose|day|when|route|level|volume|viability|remaining|donor)|remove))(?=$|[.[])/;

/** Whether the form has a field for a place in the file. */
export function hasField(path: string | undefined): boolean {
  return FIELDS.test(path ?? "");
}

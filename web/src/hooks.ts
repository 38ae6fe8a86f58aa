import { useEffect, useRef, useState } from "react";
import { type Catalogue, type Findings, type Preview, type Problem, Refused, type Run, get, post, preview } from "./api";
import { type Study, data, pruned } from "./study";

const DEBOUNCE_MS = 80;
const kept = new Map<string, Preview>();

export function problemsOf(error: unknown): Problem[] {
  if (error instanceof Refused && error.problems.length) return error.problems;
  const what = error instanceof TypeError ? "the server does not answer; is 'thecal serve' still running?" : String(
    error instanceof Error ? error.message : error);
  return [{ where: "server", what, seen: "", allowed: "", remedy: "", severity: "error", code: "server" }];
}

/** Something read once. */
export function useGet<T>(path: string | null): { value: T | null; problems: Problem[] } {
  const [state, set] = useState<{ value: T | null; problems: Problem[] }>({ value: null, problems: [] });
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    get<T>(path, stop.signal).then((value) => set({ value, problems: [] }),
      (error: unknown) => { if (!stop.signal.aborted) set({ value: null, problems: problemsOf(error) }); });
    return () => stop.abort();
  }, [path]);
  return state;
}

/** Findings about the text, a moment after it was last changed. */
export function useLint(text: string): Findings | null {
  const [found, set] = useState<Findings | null>(null);
  useEffect(() => {
    if (!text) return;
    const stop = new AbortController();
    const wait = setTimeout(() => {
      post<Findings>("/api/lint", { text }, stop.signal).then(set, (error: unknown) => {
        if (!stop.signal.aborted) set({ problems: problemsOf(error), errors: 1, arms: [], animals: 0 });
      });
    }, 250);
    return () => { clearTimeout(wait); stop.abort(); };
  }, [text]);
  return found;
}

export function vehiclesOf(catalogue: Catalogue | null): Set<string> {
  const names = (catalogue?.products ?? []).filter((p) => p.kind === "vehicle").flatMap((p) => [p.name, ...p.aliases]);
  return new Set(["vehicle", ...names].map((n) => n.toLowerCase()));
}

export interface Looked { preview: Preview | null; problems: Problem[]; busy: boolean; ms: number; count: number }

/** The latest preview wins: 80 ms after the last change it is asked for, and older questions are dropped. */
export function usePreview(study: Study | null, arm: string, catalogue: Catalogue | null,
                           reference: string | null | undefined): Looked {
  const [looked, set] = useState<Looked>({ preview: null, problems: [], busy: false, ms: 0, count: 0 });
  const text = study && arm && catalogue ? pruned(study, arm, vehiclesOf(catalogue), reference) : "";
  const first = useRef(true);
  useEffect(() => {
    if (!text) return;
    const stop = new AbortController();
    const wait = setTimeout(() => {
      const begun = performance.now();
      set((now) => ({ ...now, busy: true }));
      look(text, arm, stop.signal).then(
        (found) => set((now) => ({ preview: found, problems: [], busy: false, ms: performance.now() - begun,
                                   count: now.count + 1 })),
        (error: unknown) => {
          if (!stop.signal.aborted) set((now) => ({ ...now, problems: problemsOf(error), busy: false }));
        });
    }, first.current ? 0 : DEBOUNCE_MS);
    first.current = false;
    return () => { clearTimeout(wait); stop.abort(); };
  }, [text, arm]);
  return looked;
}

export async function look(text: string, arm: string, signal?: AbortSignal): Promise<Preview> {
  const key = `${arm}\n${text}`;
  const known = kept.get(key);
  if (known) return known;
  const found = await preview(text, arm, signal);
  kept.set(key, found);
  if (kept.size > 40) kept.delete(kept.keys().next().value as string);
  return found;
}

/** Previews of kept scenarios, in their order. */
export function useScenarios(scenarios: { text: string; arm: string }[], catalogue: Catalogue | null): (Preview | null)[] {
  const [found, set] = useState<(Preview | null)[]>([]);
  const key = JSON.stringify(scenarios.map((s) => [s.text, s.arm]));
  useEffect(() => {
    if (!catalogue) return;
    let live = true;
    void Promise.all(scenarios.map(async (s) => {
      const study = data(s.text);
      return study ? look(pruned(study, s.arm, vehiclesOf(catalogue)), s.arm).catch(() => null) : null;
    })).then((all) => { if (live) set(all); });
    return () => { live = false; };
  }, [key, catalogue]);
  return found;
}

/** All runs, as the server tells of them. */
export function useRuns(): { runs: Run[]; connected: boolean } {
  const [runs, set] = useState<Run[]>([]);
  const [connected, connect] = useState(true);
  useEffect(() => {
    const source = new EventSource("/api/events");
    source.onmessage = (event) => { set(JSON.parse(event.data as string) as Run[]); connect(true); };
    source.onerror = () => connect(false);
    return () => source.close();
  }, []);
  return { runs, connected };
}

/** A calculation that goes through the queue: begin it, follow it, read what it found. */
export function useQueued<T>(kind: string, path: string): {
  run: Run | undefined; result: T | null; problems: Problem[]; begin: (body: unknown) => Promise<void>;
} {
  const { runs } = useRuns();
  const [id, set] = useState(() => sessionStorage.getItem(`thecal.${kind}`) ?? "");
  const [problems, tell] = useState<Problem[]>([]);
  const run = runs.find((r) => r.id === id && r.kind === kind) ?? runs.find((r) => r.kind === kind && (!id || r.id === id));
  const done = run?.state === "done" ? run.id : null;
  const found = useGet<T>(done ? `/api/runs/${done}/result` : null);
  async function begin(body: unknown) {
    tell([]);
    try {
      const made = await post<{ id: string }>(path, body);
      sessionStorage.setItem(`thecal.${kind}`, made.id);
      set(made.id);
    } catch (error) { tell(problemsOf(error)); }
  }
  return { run, result: done ? found.value : null, problems: [...problems, ...found.problems], begin };
}

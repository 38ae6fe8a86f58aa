import { useEffect, useMemo, useRef, useState } from "react";
import { type Address, type Catalogue, type Envelope, type Findings, type GetPath, type Got, type Places, type Preview, type Problem, Refused,
         type Run, get, places, post, preview } from "./api";
import { type Study, data, pruned } from "./study";

const DEBOUNCE_MS = 80;
const MOST_KEPT = 40;

export function problemsOf(error: unknown): Problem[] {
  if (error instanceof Refused && error.problems.length) return error.problems;
  const what = error instanceof TypeError ? "the server does not answer; is 'thecal serve' still running?" : String(
    error instanceof Error ? error.message : error);
  return [{ where: "server", what, seen: "", allowed: "", remedy: "", severity: "error", code: "server" }];
}

export interface Read<T> { value: T | null; problems: Problem[] }

/** Something read once. */
export function useGet<P extends GetPath>(path: P | Address<P> | null): Read<Got<P>>;
export function useGet<T>(path: string | null): Read<T>;
export function useGet<T>(path: string | null): Read<T> {
  const [state, set] = useState<Read<T>>({ value: null, problems: [] });
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
      post("/api/lint", { text }, stop.signal).then(set, (error: unknown) => {
        if (!stop.signal.aborted) set({ problems: problemsOf(error).map((p) => ({ line: null, path: "", spots: [], ...p })), errors: 1, arms: [], animals: 0 });
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

/** An arm of a study that the server was asked about. */
export interface Asked { text: string; arm: string }
export interface Looked { preview: Preview | null; asked: Asked | null; problems: Problem[]; busy: boolean; ms: number; count: number }

/** The latest preview wins: 80 ms after the last change it is asked for, and older questions are dropped. */
export function usePreview(study: Study | null, arm: string, catalogue: Catalogue | null,
                           reference: string | null | undefined): Looked {
  const [looked, set] = useState<Looked>({ preview: null, asked: null, problems: [], busy: false, ms: 0, count: 0 });
  const text = study && arm && catalogue ? pruned(study, arm, vehiclesOf(catalogue), reference) : "";
  const first = useRef(true);
  useEffect(() => {
    if (!text) return;
    const stop = new AbortController();
    const wait = setTimeout(() => {
      const begun = performance.now();
      set((now) => ({ ...now, busy: true }));
      look(text, arm, stop.signal).then(
        (found) => set((now) => ({ preview: found, asked: { text, arm }, problems: [], busy: false, ms: performance.now() - begun,
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

/** Answers that were given before are not asked for again. */
function remembered<H>(ask: (text: string, arm: string, signal?: AbortSignal) => Promise<Envelope<H>>) {
  const kept = new Map<string, Envelope<H>>();
  return async (text: string, arm: string, signal?: AbortSignal): Promise<Envelope<H>> => {
    const key = `${arm}\n${text}`;
    const known = kept.get(key);
    if (known) return known;
    const found = await ask(text, arm, signal);
    kept.set(key, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
    return found;
  };
}

export const look = remembered(preview);
const lookByPlace = remembered(places);

/** Kept scenarios as the server is asked about them; null where a text cannot be read. */
export function useAsked(scenarios: Asked[], catalogue: Catalogue | null): (Asked | null)[] {
  const key = JSON.stringify(scenarios.map((s) => [s.text, s.arm]));
  return useMemo(() => (catalogue ? scenarios.map((s) => {
    const study = data(s.text);
    return study && { text: pruned(study, s.arm, vehiclesOf(catalogue)), arm: s.arm };
  }) : []), [key, catalogue]);
}

/** Previews of kept scenarios, in their order. */
export function useScenarios(asked: (Asked | null)[]): (Preview | null)[] {
  const found = useEach(asked, look);
  return useMemo(() => found.map(([, preview]) => preview), [found]);
}

/** Where things are in several arms; what was asked for comes back with its answer, so that they always fit. */
export function usePlaces<A extends Asked>(asked: (A | null)[]): { asked: A; places: Places }[] {
  const found = useEach(asked, lookByPlace);
  return useMemo(() => found.flatMap(([a, answer]) => (a && answer ? [{ asked: a, places: answer }] : [])), [found]);
}

/** Answers about several arms; null where there is none. Until new ones are there the last ones stay. */
function useEach<A extends Asked, T>(asked: (A | null)[], ask: (text: string, arm: string) => Promise<T>): [A | null, T | null][] {
  const [found, set] = useState<[A | null, T | null][]>([]);
  useEffect(() => {
    let live = true;
    void Promise.all(asked.map(async (a): Promise<[A | null, T | null]> => [a, a && await ask(a.text, a.arm).catch(() => null)])).then((all) => { if (live) set(all); });
    return () => { live = false; };
  }, [asked]);
  return found;
}

/** A choice that a reload does not lose; without a list, any text. */
export function useKept<T extends string>(name: string, first: T, allowed?: readonly T[]): [T, (value: T) => void] {
  const key = `thecal.${name}`;
  const [value, set] = useState<T>(() => {
    const kept = localStorage.getItem(key) as T | null;
    return kept !== null && (allowed?.includes(kept) ?? true) ? kept : first;
  });
  return [value, (next) => { localStorage.setItem(key, next); set(next); }];
}

/** All runs, as the server tells of them; not while the page is hidden, for a browser opens six connections to a host
    and a tab that nobody looks at must not hold one of them. */
export function useRuns(): { runs: Run[]; connected: boolean } {
  const [runs, set] = useState<Run[]>([]);
  const [connected, connect] = useState(true);
  useEffect(() => {
    let source: EventSource | null = null;
    function follow() {
      source?.close();
      source = document.hidden ? null : new EventSource("/api/events");
      if (!source) return;
      source.onmessage = (event) => { set(JSON.parse(event.data as string) as Run[]); connect(true); };
      source.onerror = () => connect(false);
    }
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => { document.removeEventListener("visibilitychange", follow); source?.close(); };
  }, []);
  return { runs, connected };
}

/** A calculation that goes through the queue: begin it, follow it, read what it found. What this tab began last is
    shown, else what this browser began last; never what another reader began. */
export function useQueued<T>(kind: string, path: string): {
  run: Run | undefined; result: T | null; problems: Problem[]; begin: (body: unknown) => Promise<void>;
} {
  const { runs } = useRuns();
  const [id, set] = useState(() => sessionStorage.getItem(`thecal.${kind}`) ?? localStorage.getItem(`thecal.${kind}`) ?? "");
  const [problems, tell] = useState<Problem[]>([]);
  const run = runs.find((r) => r.id === id && r.kind === kind);
  const done = run?.state === "done" ? run.id : null;
  const found = useGet<T>(done ? `/api/runs/${done}/result` : null);
  async function begin(body: unknown) {
    tell([]);
    try {
      const made = await post<{ id: string }>(path, body);
      for (const store of [sessionStorage, localStorage]) store.setItem(`thecal.${kind}`, made.id);
      set(made.id);
    } catch (error) { tell(problemsOf(error)); }
  }
  return { run, result: done ? found.value : null, problems: [...problems, ...found.problems], begin };
}

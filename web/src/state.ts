// What the bench holds: the study, where one was before (undo), kept scenarios. All of it survives a reload.
import { useEffect, useReducer } from "react";

export interface Scenario { name: string; text: string; arm: string }
export interface Bench {
  text: string; arm: string; past: string[]; future: string[]; scenarios: Scenario[]; edited: { key: string; at: number };
}
export type Action =
  | { do: "edit"; text: string; key: string; at: number }
  | { do: "open"; text: string; arm: string }
  | { do: "arm"; arm: string }
  | { do: "undo" } | { do: "redo" }
  | { do: "keep"; scenario: Scenario }
  | { do: "drop"; index: number }
  | { do: "recall"; index: number };

const STORE = "thecal.bench.1";
export const MOST_SCENARIOS = 4;
const MOST_PAST = 100;
const TOGETHER_MS = 700; // changes of one field within this time are one step back
export const EMPTY: Bench = { text: "", arm: "", past: [], future: [], scenarios: [], edited: { key: "", at: 0 } };

export function reduce(bench: Bench, action: Action): Bench {
  switch (action.do) {
    case "edit": {
      if (action.text === bench.text) return bench;
      const same = action.key === bench.edited.key && action.at - bench.edited.at < TOGETHER_MS;
      const past = same ? bench.past : [...bench.past, bench.text].slice(-MOST_PAST);
      return { ...bench, text: action.text, past, future: [], edited: { key: action.key, at: action.at } };
    }
    case "open":
      return { ...bench, text: action.text, arm: action.arm, future: [], edited: { key: "", at: 0 },
               past: bench.text ? [...bench.past, bench.text].slice(-MOST_PAST) : [] };
    case "arm":
      return { ...bench, arm: action.arm };
    case "undo": {
      const text = bench.past.at(-1);
      if (text === undefined) return bench;
      return { ...bench, text, past: bench.past.slice(0, -1), future: [bench.text, ...bench.future],
               edited: { key: "", at: 0 } };
    }
    case "redo": {
      const [text, ...future] = bench.future;
      if (text === undefined) return bench;
      return { ...bench, text, future, past: [...bench.past, bench.text], edited: { key: "", at: 0 } };
    }
    case "keep":
      if (bench.scenarios.length >= MOST_SCENARIOS) return bench;
      return { ...bench, scenarios: [...bench.scenarios, action.scenario] };
    case "drop":
      return { ...bench, scenarios: bench.scenarios.filter((_, k) => k !== action.index) };
    case "recall": {
      const kept = bench.scenarios[action.index];
      return kept ? reduce(bench, { do: "open", text: kept.text, arm: kept.arm }) : bench;
    }
  }
}

export function stored(): Bench {
  try {
    const found = JSON.parse(localStorage.getItem(STORE) ?? "null") as Partial<Bench> | null;
    return found && typeof found.text === "string" ? { ...EMPTY, ...found } : EMPTY;
  } catch {
    return EMPTY;
  }
}

function store(bench: Bench): void {
  for (const past of [bench.past.slice(-30), []]) {
    try {
      localStorage.setItem(STORE, JSON.stringify({ ...bench, past, future: [] }));
      return;
    } catch { /* the browser's store is full: try with less history */ }
  }
}

export function useBench(): [Bench, (action: Action) => void] {
  const [bench, dispatch] = useReducer(reduce, undefined, stored);
  useEffect(() => {
    if (bench.text) store(bench);
  }, [bench]);
  return [bench, dispatch];
}

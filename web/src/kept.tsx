// What a reader has set on a page: it survives a reload, and a change can be taken back.
import { useCallback, useEffect, useReducer } from "react";

const MOST_PAST = 50;
const TOGETHER_MS = 700; // changes of one setting within this time are one step back

interface State<T> { value: T; past: T[]; future: T[]; edited: { what: string; at: number } }
type Action<T> = { do: "set"; value: T; what: string; at: number } | { do: "undo" } | { do: "redo" };

function reduce<T>(state: State<T>, action: Action<T>): State<T> {
  const { value, past, future, edited } = state;
  switch (action.do) {
    case "set": {
      const same = action.what !== "" && action.what === edited.what && action.at - edited.at < TOGETHER_MS;
      return { value: action.value, past: same ? past : [...past, value].slice(-MOST_PAST), future: [], edited: { what: action.what, at: action.at } };
    }
    case "undo":
      return past.length ? { value: past.at(-1)!, past: past.slice(0, -1), future: [value, ...future], edited: { what: "", at: 0 } } : state;
    case "redo":
      return future.length ? { value: future[0]!, past: [...past, value], future: future.slice(1), edited: { what: "", at: 0 } } : state;
  }
}

function stored<T extends object>(name: string, first: T): T {
  try {
    const found = JSON.parse(localStorage.getItem(name) ?? "null") as Partial<T> | null;
    return found && typeof found === "object" ? { ...first, ...found } : first;
  } catch {
    return first;
  }
}

export interface Kept<T> {
  value: T; set: (value: T, what?: string) => void; undo: () => void; redo: () => void; canUndo: boolean; canRedo: boolean;
}

/** Settings under a name; `what` is the setting that changed, so that a slider's way is one step. */
export function useKept<T extends object>(name: string, first: T, given?: Partial<T> | null): Kept<T> {
  const key = `thecal.${name}`;
  const [state, act] = useReducer(reduce<T>, undefined, () => ({ value: given ? { ...first, ...given } : stored(key, first), past: [], future: [], edited: { what: "", at: 0 } }));
  useEffect(() => {
    try { localStorage.setItem(key, JSON.stringify(state.value)); } catch { /* the browser's store is full: the page works on */ }
  }, [key, state.value]);
  const undo = useCallback(() => act({ do: "undo" }), []);
  const redo = useCallback(() => act({ do: "redo" }), []);
  const set = useCallback((value: T, what = "") => act({ do: "set", value, what, at: Date.now() }), []);
  useEffect(() => {
    function key(event: KeyboardEvent) {
      const pressed = event.key.toLowerCase();
      if (!(event.ctrlKey || event.metaKey) || event.altKey || (pressed !== "z" && pressed !== "y") || writing(event.target)) return;
      event.preventDefault();
      if (pressed === "y" || event.shiftKey) redo(); else undo();
    }
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, [undo, redo]);
  return { value: state.value, set, undo, redo, canUndo: state.past.length > 0, canRedo: state.future.length > 0 };
}

/** In a field of text, the browser's own undo is meant. */
export function writing(target: EventTarget | null): boolean {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && ["text", "search", "number"].includes(target.type));
}

export function Undo<T>({ kept }: { kept: Kept<T> }) {
  return (
    <>
      <button type="button" className="quiet" disabled={!kept.canUndo} onClick={kept.undo}>Undo</button>
      <button type="button" className="quiet" disabled={!kept.canRedo} onClick={kept.redo}>Redo</button>
    </>
  );
}

/** Larger things (files and what was found in them), in the browser's own database. */
const SHELF = "things";
function shelf<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    const opening = indexedDB.open("thecal", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(SHELF);
    opening.onerror = () => fail(opening.error);
    opening.onsuccess = () => {
      const db = opening.result;
      const change = db.transaction(SHELF, mode);
      const asked = use(change.objectStore(SHELF));
      change.oncomplete = () => { done(asked.result); db.close(); };
      change.onabort = () => { fail(change.error); db.close(); };
    };
  });
}

// What was to be forgotten is gone even where the page is left before its database has done so: a mark stays until then.
const leaving = (name: string) => `thecal.${name}.leaving`;

export async function shelved<T>(name: string): Promise<T | undefined> {
  if (localStorage.getItem(leaving(name)) === null) return shelf<T | undefined>("readonly", (store) => store.get(name) as IDBRequest<T | undefined>);
  await forget(name);
  return undefined;
}

export async function putAway(name: string, thing: unknown): Promise<void> {
  localStorage.removeItem(leaving(name));
  await shelf("readwrite", (store) => store.put(thing, name));
}

export async function forget(name: string): Promise<void> {
  localStorage.setItem(leaving(name), "1");
  await shelf("readwrite", (store) => store.delete(name));
  localStorage.removeItem(leaving(name));
}

// The bench as a component: what a reload finds again. React runs in jsdom.
import { act, createElement } from "react";
import { createRoot } from "react-dom/client";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useKept } from "../src/hooks";
import { type Action, type Bench, MOST_SCENARIOS, useBench } from "../src/state";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

/** A hook on a page of its own; `leave` is a closed tab. */
function page<T>(hook: () => T): { now: () => T; leave: () => void } {
  const root = createRoot(document.createElement("div"));
  let found: T;
  act(() => root.render(createElement(() => { found = hook(); return null; })));
  return { now: () => found, leave: () => act(() => root.unmount()) };
}

function bench(): { now: () => Bench; does: (...actions: Action[]) => void; leave: () => void } {
  const { now, leave } = page(useBench);
  return { now: () => now()[0], leave, does: (...actions) => { for (const action of actions) act(() => now()[1](action)); } };
}

const edit = (text: string, at: number): Action => ({ do: "edit", text, key: `k${at}`, at });

describe("a reload", () => {
  beforeEach(() => localStorage.clear());
  it("finds the study, the arm, the scenarios and the way back", () => {
    const one = bench();
    one.does({ do: "open", text: "a", arm: "x" }, edit("b", 1), edit("c", 2), { do: "keep", scenario: { name: "A", text: "b", arm: "x" } }, { do: "arm", arm: "y" });
    one.leave();
    const two = bench();
    expect([two.now().text, two.now().arm, two.now().scenarios]).toEqual(["c", "y", [{ name: "A", text: "b", arm: "x" }]]);
    two.does({ do: "undo" }, { do: "undo" });
    expect(two.now().text).toBe("a");
    two.does({ do: "redo" });
    expect(two.now().text).toBe("b");
  });
  it("finds the study where the browser has no room for its history", () => {
    const one = bench();
    const real = Storage.prototype.setItem;
    const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(function (this: Storage, key: string, value: string) {
      if (value.length > 400) throw new DOMException("full", "QuotaExceededError");
      real.call(this, key, value);
    });
    one.does({ do: "open", text: "a".repeat(200), arm: "x" }, edit("b".repeat(200), 1));
    full.mockRestore();
    one.leave();
    expect(bench().now()).toMatchObject({ text: "b".repeat(200), arm: "x", past: [] });
  });
  it("is fresh where another program wrote into its place", () => {
    for (const wrong of ["[]", "7", "null", '{"text": 5}']) {
      localStorage.setItem("thecal.bench.1", wrong);
      expect(bench().now().text).toBe("");
    }
  });
  it("finds a choice, and not one that no longer exists", () => {
    const choice = () => useKept("view", "pain", ["pain", "canal"]);
    const one = page(choice);
    act(() => one.now()[1]("canal"));
    one.leave();
    expect(page(choice).now()[0]).toBe("canal");
    localStorage.setItem("thecal.view", "gone");
    expect(page(choice).now()[0]).toBe("pain");
  });
});

describe("four scenarios", () => {
  beforeEach(() => localStorage.clear());
  it("are the most, and going back to one can be undone", () => {
    const one = bench();
    one.does({ do: "open", text: "now", arm: "x" });
    for (let k = 0; k < MOST_SCENARIOS + 2; k++) one.does({ do: "keep", scenario: { name: `${k}`, text: `t${k}`, arm: "y" } });
    expect(one.now().scenarios.map((s) => s.name)).toEqual(["0", "1", "2", "3"]);
    one.does({ do: "recall", index: 3 }, { do: "drop", index: 3 });
    expect([one.now().text, one.now().scenarios.length]).toEqual(["t3", 3]);
    one.does({ do: "undo" });
    expect(one.now().text).toBe("now");
    one.does({ do: "recall", index: 9 });
    expect(one.now().text).toBe("now");
  });
});

describe("undo", () => {
  it("forgets what was undone once something else is done, and never grows beyond a hundred steps", () => {
    const one = bench();
    one.does({ do: "open", text: "0", arm: "x" }, edit("1", 1), { do: "undo" }, edit("2", 2));
    expect(one.now().future).toEqual([]);
    for (let k = 3; k < 150; k++) one.does(edit(`${k}`, k));
    expect(one.now().past.length).toBe(100);
    one.does(edit("149", 999), { do: "redo" });
    expect(one.now().text).toBe("149");
  });
});

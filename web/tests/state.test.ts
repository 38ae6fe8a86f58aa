import { beforeEach, describe, expect, it } from "vitest";
import { at, csv, hours, percent, three, union } from "../src/numbers";
import { EMPTY, MOST_SCENARIOS, reduce, stored } from "../src/state";

describe("the bench", () => {
  const start = reduce(EMPTY, { do: "open", text: "a", arm: "x" });
  it("undoes and does again", () => {
    let bench = reduce(start, { do: "edit", text: "b", key: "dose", at: 0 });
    bench = reduce(bench, { do: "edit", text: "c", key: "day", at: 10 });
    bench = reduce(bench, { do: "undo" });
    expect(bench.text).toBe("b");
    bench = reduce(bench, { do: "undo" });
    expect(bench.text).toBe("a");
    bench = reduce(reduce(bench, { do: "redo" }), { do: "redo" });
    expect(bench.text).toBe("c");
  });
  it("takes one drag of a slider as one step", () => {
    let bench = start;
    for (let k = 1; k < 20; k++) bench = reduce(bench, { do: "edit", text: `a${k}`, key: "dose", at: 50 * k });
    expect(reduce(bench, { do: "undo" }).text).toBe("a");
  });
  it("keeps at most four scenarios and goes back to one", () => {
    let bench = start;
    for (let k = 0; k < 6; k++) bench = reduce(bench, { do: "keep", scenario: { name: `${k}`, text: `t${k}`, arm: "y" } });
    expect(bench.scenarios.length).toBe(MOST_SCENARIOS);
    bench = reduce(bench, { do: "recall", index: 2 });
    expect([bench.text, bench.arm]).toEqual(["t2", "y"]);
    expect(reduce(bench, { do: "drop", index: 0 }).scenarios[0]!.name).toBe("1");
  });
});

describe("what the browser keeps", () => {
  beforeEach(() => localStorage.clear());
  it("is empty where it is damaged", () => {
    localStorage.setItem("thecal.bench.1", "{broken");
    expect(stored()).toEqual(EMPTY);
  });
});

describe("numbers", () => {
  it("says durations as readers do", () => {
    expect([hours(0.25), hours(5.2), hours(1037), hours(0), hours(null)]).toEqual(["15 min", "5.2 h", "43.2 d", "0 h", "–"]);
    expect([percent(0.296), three(123456), three(1e8), three(0)]).toEqual(["30 %", "123000", "1e8", "0"]);
  });
  it("writes three digits, at every size", () => {
    expect([0.000123456, 0.0123456, 1.23456, 12.3456, 999999, 1234567, -0.5, NaN, Infinity].map(three)).toEqual(["1.23e-4", "0.0123", "1.23", "12.3", "1000000", "1.23e6", "-0.5", "–", "–"]);
    expect([1 / 12, 0.999, 1, 47.9, 48, 24 * 365, NaN, undefined].map(hours)).toEqual(["5 min", "0.999 h", "1 h", "47.9 h", "2 d", "365 d", "–", "–"]);
    expect([0, 1, -0.25, NaN, undefined].map(percent)).toEqual(["0 %", "100 %", "-25 %", "–", "–"]);
  });
  it("interpolates, and not beyond the ends", () => {
    expect(at([0, 1, 3], [0, 2, 4], 2)).toBe(3);
    expect(at([0, 1], [5, 7], 1)).toBe(7);
    expect(at([0, 1], [5, 7], 1.1)).toBeNaN();
    expect(union([[3, 1], [2, 1]])).toEqual([1, 2, 3]);
  });
  it("quotes cells of a CSV file", () => expect(csv(["a"], [["x,\"y\""], [2]])).toBe('a\n"x,""y"""\n2\n'));
});

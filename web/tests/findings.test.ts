import { describe, expect, it } from "vitest";
import { armOf, atLine, change, hasField, spotsOf, told } from "../src/findings";

const finding = { where: "arms[1].give[0].dose (line 12)", what: "not a number of cells", seen: "2 kg", allowed: "cells", remedy: "write 2.5e5 cells",
                  severity: "error", code: "unit", line: 12, path: "arms[1].give[0].dose" };

describe("findings", () => {
  it("are said with what was seen, what is allowed, and what to do", () => {
    expect(told(finding)).toBe("error: not a number of cells – found “2 kg”; allowed: cells. write 2.5e5 cells");
    expect(told({ ...finding, seen: "", allowed: "", remedy: "" })).toBe("error: not a number of cells");
  });
  it("are found at their line", () => {
    expect(atLine([finding, { ...finding, line: null }], 12)).toEqual([finding]);
    expect(atLine([finding], 11)).toEqual([]);
    const twice = { ...finding, spots: [{ path: finding.path, line: 12 }, { path: "arms[2].give[0].dose", line: 14 }] };
    expect(atLine([twice], 14)).toEqual([twice]);
    expect(spotsOf(finding)).toEqual([{ path: finding.path, line: 12 }]);
  });
  it("lead to the arm and to a field, where the form has one", () => {
    expect([armOf(finding.path), armOf("tests[1].days"), armOf(undefined)]).toEqual([1, -1, -1]);
    for (const path of [finding.path, "species", "injury.model", "injury", "hypotheses.H2", "arms[12].give[3].remaining.Cxcr4", "arms[0].remove[0].day", "n", "end"]) expect(hasField(path), path).toBe(true);
    for (const path of ["name", "tests[0].days", "arms[0].label", "arms[0]", "note", "ending", "", undefined]) expect(hasField(path), path).toBe(false);
  });
});

describe("what differs between two texts", () => {
  const apply = (text: string, next: string) => {
    const piece = change(text, next);
    return piece ? text.slice(0, piece.from) + piece.insert + text.slice(piece.to) : text;
  };
  it("is the smallest piece, and makes one the other", () => {
    expect(change("dose: 2.5e5 cells", "dose: 1e5 cells")).toEqual({ from: 6, to: 9, insert: "1" });
    expect(change("same", "same")).toBeNull();
    for (const [a, b] of [["", "x"], ["x", ""], ["aaa", "aa"], ["aa", "aaaa"], ["abc", "xyz"], ["line\nline\n", "line\n"], ["day: 4 d", "day: 14 d"]]) expect(apply(a!, b!)).toBe(b);
  });
});

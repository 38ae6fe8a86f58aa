import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { append, setIn, written } from "../src/patch";
import { copyArm, data, pruned, quantity, short } from "../src/study";

const chen = readFileSync("../src/thecal/data/studies/chen2015.yaml", "utf8");

describe("setIn", () => {
  it("changes one value and nothing else of the text", () => {
    const index = data(chen)!.arms!.findIndex((a) => a.id === "bmsc_early");
    const text = setIn(chen, ["arms", index, "give", 0, "dose"], "1e5 cells");
    const [before, after] = [chen.split("\n"), text.split("\n")];
    expect(after.length).toBe(before.length);
    const changed = after.filter((line, k) => line !== before[k]);
    expect(changed).toEqual(["    give: [{what: BMSC, dose: 1e5 cells, day: 4 d}]"]);
  });
  it("opens a shorthand before something is put into it", () => {
    expect(parse(setIn("injury: CCI\nend: 9 d\n", ["injury", "day"], "1 d"))).toEqual({ injury: { model: "CCI", day: "1 d" }, end: "9 d" });
  });
  it("adds what is missing, and takes out with the empty parent", () => {
    const text = setIn("name: x\n", ["hypotheses", "H2"], 0);
    expect(parse(text)).toEqual({ name: "x", hypotheses: { H2: 0 } });
    expect(parse(setIn(text, ["hypotheses", "H2"], undefined))).toEqual({ name: "x" });
  });
  it("keeps comments when it must write the file anew", () => {
    expect(setIn("# why\nname: x # here\n", ["n"], 5)).toContain("# why\nname: x # here");
  });
  it("leaves a text that cannot be read as it is", () => {
    expect(setIn("a: [1\n", ["a"], 2)).toBe("a: [1\n");
  });
});

describe("written", () => {
  it("quotes what would be read as something else", () => {
    for (const value of ["true", "12", "null", "a: b", "[x", "# y", " lead", "1e6", "", "naïve"])
      expect(parse(written(value))).toBe(value);
    expect(written("2.5e5 cells")).toBe("2.5e5 cells");
  });
});

describe("arms", () => {
  it("copies an arm under a new name", () => {
    const made = copyArm(chen, 2);
    expect(made.id).toBe("bmsc_early_2");
    const arms = data(made.text)!.arms!;
    expect(arms.at(-1)).toMatchObject({ id: "bmsc_early_2", give: [{ what: "BMSC", dose: "2.5e5 cells", day: "4 d" }] });
    expect(arms.length).toBe(data(chen)!.arms!.length + 1);
  });
  it("appends to a list that is not there yet", () => {
    expect(parse(append("arms: [{id: a}]\n", ["arms", 0, "give"], { what: "BMSC" }))).toEqual({ arms: [{ id: "a", give: [{ what: "BMSC" }] }] });
  });
});

describe("pruned", () => {
  const study = data(chen)!;
  it("keeps the arm, what it may be compared with, and tests that still have arms", () => {
    const small = JSON.parse(pruned(study, "tgfb1_10ng_d5", new Set(["vehicle"]))) as { arms: { id: string }[]; tests: { cohorts?: string[]; arms?: string[] }[] };
    const ids = small.arms.map((a) => a.id);
    expect(ids).toContain("tgfb1_10ng_d5");
    expect(ids).toContain("protein_vehicle_d5");
    expect(ids).not.toContain("bmsc_early");
    for (const t of small.tests) for (const id of t.arms ?? []) expect(ids).toContain(id);
  });
  it("keeps the arm that the analysis names", () => {
    const small = JSON.parse(pruned(study, "tgfb1_10ng_d5", new Set(["vehicle"]))) as { arms: { id: string }[]; analysis: { reference: string } };
    expect(small.arms.map((a) => a.id)).toContain(small.analysis.reference);
  });
  it("keeps a reference of another cohort", () => {
    const small = JSON.parse(pruned(study, "slice_cci", new Set(["vehicle"]))) as { arms: { id: string }[] };
    expect(small.arms.map((a) => a.id)).toContain("slice_sham");
  });
});

describe("quantities", () => {
  it("reads a value and its unit", () => {
    expect(quantity("2.5e5 cells")).toEqual({ value: 2.5e5, unit: "cells" });
    expect(quantity("35 %")).toEqual({ value: 35, unit: "%" });
    expect(quantity(4)).toEqual({ value: 4, unit: "" });
    expect(quantity("soon")).toBeNull();
  });
  it("writes few digits", () => {
    expect([short(251188), short(9.97), short(0.0333), short(120)]).toEqual(["2.5e5", "10", "0.033", "120"]);
  });
});

describe("hostile text", () => {
  it("is no study, and takes no time", () => {
    const bomb = `a: &a [1,2]\n${Array.from({ length: 30 }, (_, k) => `b${k}: &b${k} [*${k ? `b${k - 1}` : "a"}, *${k ? `b${k - 1}` : "a"}]`).join("\n")}`;
    expect(data(bomb)).toBeNull();
    expect(data("- just\n- a list")).toBeNull();
    expect(data(": : :")).toBeNull();
  });
});

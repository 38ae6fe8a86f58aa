import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { exchanged } from "../src/form";
import { type Path, append, setIn } from "../src/patch";
import { copyArm, data } from "../src/study";

const LIBRARY = "../src/thecal/data/studies/";
const chen = readFileSync(`${LIBRARY}chen2015.yaml`, "utf8");
const index = data(chen)!.arms!.findIndex((a) => a.id === "bmsc_early");
const give: Path = ["arms", index, "give", 0];
const comments = (text: string) => text.split("\n").filter((line) => line.trimStart().startsWith("#"));

/** Lines that are not the same, after what both texts begin and end with. */
function changedLines(before: string, after: string): number {
  const [a, b] = [before.split("\n"), after.split("\n")];
  while (a.length && b.length && a[0] === b[0]) { a.shift(); b.shift(); }
  while (a.length && b.length && a.at(-1) === b.at(-1)) { a.pop(); b.pop(); }
  return Math.max(a.length, b.length);
}

describe("form and file in step", () => {
  const moves: [string, Path, unknown][] = [
    ["dose", [...give, "dose"], "1e5 cells"], ["day", [...give, "day"], "9 d"], ["route", [...give, "route"], "catheter"], ["level", [...give, "level"], "L4-L5"],
    ["volume", [...give, "volume"], "5 ul"], ["viability", [...give, "viability"], "75 %"], ["knock-down", [...give, "remaining", "Cxcr4"], "35 %"],
    ["donor", [...give, "donor"], "xenogeneic"], ["hypothesis", ["hypotheses", "H3"], 0.5], ["animals", ["n"], 12], ["end", ["end"], "60 d"], ["injury", ["injury", "model"], "SNI"]];
  it.each(moves)("%s: the file holds what the form says, and nothing else is changed", (_, path, value) => {
    const text = setIn(chen, path, value);
    const expected = parseDocument(chen);
    for (let k = 1; k < path.length; k++) if (!expected.hasIn(path.slice(0, k))) expected.setIn(path.slice(0, k), expected.createNode({}));
    expected.setIn(path, value);
    expect(parse(text)).toEqual(expected.toJS());
    expect(changedLines(chen, text)).toBe(1);
  });
  it("taking out an arm, a dose, a key leaves every other line", () => {
    const arms = data(chen)!.arms!;
    const next = setIn(chen, ["arms", index], undefined);
    expect(data(next)!.arms!.map((a) => a.id)).toEqual(arms.filter((_, k) => k !== index).map((a) => a.id));
    const left = new Set(chen.split("\n"));
    expect(next.split("\n").every((line) => left.has(line))).toBe(true);
    expect(changedLines(chen, setIn(chen, ["strain"], undefined))).toBe(1);
    const twice = append(chen, ["arms", index, "give"], { what: "TGF-b1", dose: "10 ng", day: "20 d" });
    expect(changedLines(chen, twice)).toBe(1);
    expect(setIn(twice, ["arms", index, "give", 1], undefined)).toBe(chen);
  });
  it("a copied arm is put behind, and the rest is as it was", () => {
    const { text, id } = copyArm(chen, index);
    const [before, after] = [chen.split("\n"), text.split("\n")];
    expect(data(text)!.arms!.at(-1)!.id).toBe(id);
    const from = after.findIndex((line, k) => line !== before[k]);
    const added = after.length - before.length;
    expect(after.slice(from + added)).toEqual(before.slice(from));
  });
  it("goes through every study of the library without a trace beside its place", () => {
    for (const name of readdirSync(LIBRARY).filter((f) => f.endsWith(".yaml"))) {
      const text = readFileSync(LIBRARY + name, "utf8");
      const k = data(text)!.arms!.findIndex((a) => a.give?.length);
      for (const [path, value] of [[["arms", k, "give", 0, "volume"], "5 ul"], [["arms", k, "give", 0, "level"], "L4-L5"], [["hypotheses", "H4"], 1], [["n"], 33], [["end"], "90 d"]] as [Path, unknown][])
        if (k >= 0) expect(changedLines(text, setIn(text, path, value)), `${name} ${path.join(".")}`).toBeLessThanOrEqual(1);
    }
  });
  it("there and back is where one was", () => {
    expect(setIn(setIn(chen, [...give, "dose"], "1e5 cells"), [...give, "dose"], "2.5e5 cells")).toBe(chen);
    const knocked = setIn(chen, [...give, "remaining", "Cxcr4"], "35 %");
    expect(parse(setIn(knocked, [...give, "remaining", "Cxcr4"], undefined))).toEqual(parse(chen));
  });
  it("many moves of many sliders leave every comment", () => {
    let text = chen;
    for (let k = 0; k < 5; k++) for (const [, path, value] of moves) text = setIn(text, path, value);
    text = append(text, ["arms", index, "give"], { what: "TGF-b1", dose: "10 ng", day: "20 d" });
    text = copyArm(text, index).text;
    expect(comments(text)).toEqual(comments(chen));
    expect(data(text)!.arms!.at(-1)!.give!.length).toBe(2);
  });
});

describe("another product at the same place", () => {
  const cells = { what: "BMSC", dose: "2.5e5 cells", day: "4 d", level: "L4-L5", viability: "90 %", remaining: { Cxcr4: "35 %" }, donor: "syngeneic" };
  it("keeps day and place, and what still fits", () => {
    expect(exchanged(cells, "TGF-b1", "solute", ["10 ng"])).toEqual({ what: "TGF-b1", dose: "10 ng", day: "4 d", level: "L4-L5" });
    expect(exchanged(cells, "fibroblasts", "cells", ["1e6 cells"])).toEqual({ ...cells, what: "fibroblasts" });
    expect(exchanged(cells, "vehicle", "vehicle")).toEqual({ what: "vehicle", day: "4 d", level: "L4-L5" });
    expect(exchanged({ what: "vehicle", day: "4 d" }, "BMSC", "cells")).toEqual({ what: "BMSC", day: "4 d", dose: "2.5e5 cells" });
  });
});

import { describe, expect, it } from "vitest";
import { tabled } from "../src/curves";

const mean = { label: "cells", x: [1, 3], y: [10, 100], colour: "#000" };

describe("the table of a chart", () => {
  it("has the ends of the error beside the mean, on the axis that is drawn", () => {
    const linear = tabled({ xLabel: "day", curves: [{ ...mean, error: [1, 5] }] });
    expect(linear.header).toEqual(["day", "cells", "cells, mean − SEM", "cells, mean + SEM"]);
    expect(linear.rows).toEqual([[1, 10, 9, 11], [3, 100, 95, 105]]);
    const log = tabled({ xLabel: "day", log: true, curves: [{ ...mean, error: [2, 10] }] });
    expect(log.rows).toEqual([[1, 10, 5, 20], [3, 100, 10, 1000]]);
  });
  it("makes up no mean between two visits, but follows a line", () => {
    const other = { label: "line", x: [1, 2, 3], y: [0, 1, 2], colour: "#000", low: [0, 0, 0], high: [3, 3, 3] };
    const { header, rows } = tabled({ xLabel: "day", curves: [{ ...mean, error: [1, 5] }, other, { ...other, faint: true }] });
    expect(header).toHaveLength(7);
    expect(rows[1]).toEqual([2, "", "", "", 1, 0, 3]);
  });
});

import { describe, expect, it } from "vitest";
import { colour, scaleOf, share, shareOf, ticksOf, timeAt, timeTicks } from "../src/heat";

describe("one scale for all pictures", () => {
  it("is logarithmic where values span more than a decade and a half, and never wider than five decades", () => {
    expect(scaleOf([[1, 20], [5]])).toEqual({ low: 0, high: 20, log: false });
    expect(scaleOf([[0, 12], [880]])).toEqual({ low: 10, high: 880, log: true });
    expect(scaleOf([[1e-9, 5e5]])).toEqual({ low: 10, high: 5e5, log: true });
    expect(scaleOf([[0, 0], [NaN]])).toEqual({ low: 0, high: 1, log: false });
  });
  it("puts what is too small at its dark end and leaves out what is not there", () => {
    const scale = { low: 10, high: 1000, log: true };
    expect([0, 1, 10, 100, 1000, 1e6].map((v) => share(scale, v))).toEqual([0, 0, 0, 0.5, 1, 1].map((v) => expect.closeTo(v)));
    expect(share(scale, NaN)).toBeNaN();
    expect(share({ low: 0, high: 4, log: false }, 1)).toBe(0.25);
  });
  it("has round numbers beside it", () => {
    expect(ticksOf({ low: 0, high: 3.49, log: false })).toEqual([0, 1, 2, 3]);
    expect(ticksOf({ low: 10, high: 880, log: true })).toEqual([10, 20, 50, 100, 200, 500]);
    expect(ticksOf({ low: 1, high: 37000, log: true })).toEqual([1, 10, 100, 1000, 10000]);
  });
  it("grows lighter all the way", () => {
    const light = Array.from({ length: 50 }, (_, k) => { const [r, g, b] = colour(k / 49); return 0.2126 * r + 0.7152 * g + 0.0722 * b; });
    for (let k = 1; k < light.length; k++) expect(light[k]!).toBeGreaterThan(light[k - 1]!);
    expect([colour(0), colour(1)]).toEqual([[0x44, 0x01, 0x54], [0xfd, 0xe7, 0x25]]); // matplotlib's viridis
  });
});

describe("the time axis", () => {
  const hours = { kind: "hours", low: 1 / 12, high: 2304 } as const;
  const days = { kind: "days", low: -1, high: 100 } as const;
  it("goes there and back", () => {
    for (const axis of [hours, days]) for (const u of [0, 0.3, 1]) expect(shareOf(axis, timeAt(axis, u))).toBeCloseTo(u);
    expect(timeAt(days, 0.5)).toBe(49.5);
  });
  it("has no labels over one another", () => {
    for (const axis of [hours, days]) for (const room of [180, 600]) {
      const ticks = timeTicks(axis, room);
      expect(ticks.length).toBeGreaterThan(1);
      for (let k = 1; k < ticks.length; k++) expect((ticks[k]!.u - ticks[k - 1]!.u) * room).toBeGreaterThan(40);
    }
    expect(timeTicks(hours, 600).map((t) => t.label)).toContain("4 h");
  });
});

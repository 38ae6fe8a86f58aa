import { afterEach, describe, expect, it, vi } from "vitest";
import { Refused, fill, get, post, preview, unpack } from "../src/api";

/** An envelope as the server writes it: magic, length of the head, head padded to four bytes, float32 blocks. */
function packed(head: object, arrays: Record<string, { shape: number[]; values: number[] }>): ArrayBuffer {
  const listed = Object.entries(arrays).map(([name, a]) => ({ name, shape: a.shape }));
  let text = new TextEncoder().encode(JSON.stringify({ ...head, arrays: listed }));
  while (text.length % 4) text = new Uint8Array([...text, 32]);
  const values = Object.values(arrays).flatMap((a) => a.values);
  const data = new ArrayBuffer(8 + text.length + 4 * values.length);
  new Uint8Array(data).set([0x54, 0x48, 0x43, 0x31]);
  new DataView(data).setUint32(4, text.length, true);
  new Uint8Array(data).set(text, 8);
  values.forEach((v, k) => new DataView(data).setFloat32(8 + text.length + 4 * k, v, true));
  return data;
}

describe("the envelope", () => {
  it("gives head, arrays and shapes, one after another", () => {
    const data = packed({ label: "TGF-β1, µ" }, { a: { shape: [2, 3], values: [0, 1, 2, 3, 4, 5] }, none: { shape: [0], values: [] }, b: { shape: [2], values: [NaN, -1.5] } });
    const { head, arrays, shapes } = unpack<{ label: string }>(data);
    expect(head.label).toBe("TGF-β1, µ");
    expect([...arrays.a!]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([shapes.a, arrays.none!.length]).toEqual([[2, 3], 0]);
    expect(arrays.b![0]).toBeNaN();
    expect(arrays.b![1]).toBe(-1.5);
  });
  it("is refused when it is something else, or cut short", () => {
    expect(() => unpack(new TextEncoder().encode("<!doctype html>").buffer)).toThrow("no arrays");
    expect(() => unpack(new ArrayBuffer(3))).toThrow("no arrays");
    const whole = packed({}, { a: { shape: [4], values: [1, 2, 3, 4] } });
    expect(() => unpack(whole.slice(0, whole.byteLength - 4))).toThrow();
  });
});

describe("asking", () => {
  afterEach(() => { vi.unstubAllGlobals(); });
  const serve = (answer: () => Response) => {
    const asked: [string, RequestInit | undefined][] = [];
    vi.stubGlobal("fetch", (path: string, init?: RequestInit) => { asked.push([path, init]); return Promise.resolve(answer()); });
    return asked;
  };
  it("fills the gaps of a path, and nothing gets out of them", () => {
    expect(fill("/api/runs/{run}/arms/{arm}", { run: "abc", arm: "a/../b?c" })).toBe("/api/runs/abc/arms/a%2F..%2Fb%3Fc");
  });
  it("sends a body as JSON and reads the answer", async () => {
    const asked = serve(() => new Response('{"problems": [], "errors": 0, "arms": [], "animals": 7}'));
    expect((await post("/api/lint", { text: "name: x" })).animals).toBe(7);
    expect([asked[0]![0], asked[0]![1]!.method, asked[0]![1]!.body]).toEqual(["/api/lint", "POST", '{"text":"name: x"}']);
  });
  it("tells a refusal in the server's words", async () => {
    serve(() => new Response('{"problems": [{"what": "no such arm", "severity": "error"}]}', { status: 422 }));
    const refused = await get("/api/catalogue").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refused);
    expect([(refused as Refused).status, (refused as Refused).problems[0]!.what]).toEqual([422, "no such arm"]);
    serve(() => new Response("Bad Gateway", { status: 502 }));
    await expect(get("/api/catalogue")).rejects.toThrow("502");
  });
  it("reads a preview's curves", async () => {
    serve(() => new Response(packed({ arm: "cells" }, { t_d: { shape: [2], values: [0, 1] } })));
    const found = await preview("text", "cells");
    expect([found.head.arm, ...found.arrays.t_d!]).toEqual(["cells", 0, 1]);
  });
});

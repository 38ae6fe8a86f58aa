// How to ask the server. What it answers is described by itself: the types in openapi.d.ts are generated from that.
// Arrays come as float32 blocks behind a JSON head.
import type { Finding, PlacesHead, PreviewHead, paths } from "./openapi";

export type { ArmShown, Catalogue, Findings, Hypothesis, PlacesHead, PreviewHead, Product, ReadingsHead, Run, RunSummary,
              SubstanceShown } from "./openapi";

/** A finding; one that is not about a study file has no line and no path. */
export type Problem = Omit<Finding, "line" | "path" | "spots"> & Partial<Finding>;

/** An answer with a part read more closely than the description tells: the parts that it leaves open. */
export type Closer<A, Parts> = { [K in keyof A as string extends K ? never : K extends keyof Parts ? never : K]: A[K] } & Parts;

type Json<R> = R extends { content: { "application/json": infer A } } ? A : never;
type Told<O> = O extends { responses: infer R } ? (R extends { 200: infer A } ? Json<A> : R extends { 202: infer A } ? Json<A> : never) : never;
type Sent<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? B : Record<string, never>;
type Taking<M extends string> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Gaps<P> = P extends `${string}{${infer N}}${infer Rest}` ? N | Gaps<Rest> : never;
export type GetPath = Taking<"get">;
export type PostPath = Taking<"post">;
/** What a path of the API answers, by the server's own description. */
export type Got<P extends GetPath> = Told<paths[P]["get"]>;
export type Posted<P extends PostPath> = Told<paths[P]["post"]>;
/** An address that was made from a path of the API, which it remembers. */
export type Address<P extends string> = string & { readonly of?: P };

/** A path with its gaps filled, as `fill("/api/runs/{run}", { run })`. */
export function fill<P extends keyof paths>(path: P, gaps: Record<Gaps<P>, string>): Address<P> {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent((gaps as Record<string, string>)[name] ?? ""));
}

export interface Envelope<H> { head: H; arrays: Record<string, Float32Array>; shapes: Record<string, number[]> }
export type Preview = Envelope<PreviewHead>;
export type Places = Envelope<PlacesHead>;

export class Refused extends Error {
  constructor(readonly status: number, readonly problems: Problem[]) {
    super(problems[0]?.what ?? `the server answered ${status}`);
  }
}

async function answered(response: Response): Promise<Response> {
  if (response.ok) return response;
  let problems: Problem[] = [];
  try {
    problems = ((await response.json()) as { problems?: Problem[] }).problems ?? [];
  } catch { /* an answer without words: the status alone is told */ }
  throw new Refused(response.status, problems);
}

/** Read something: of a known path, what the server describes; of any other address, what the caller says. */
export async function get<P extends GetPath>(path: P | Address<P>, signal?: AbortSignal): Promise<Got<P>>;
export async function get<T>(path: string, signal?: AbortSignal): Promise<T>;
export async function get(path: string, signal?: AbortSignal): Promise<unknown> {
  return (await answered(await fetch(path, { signal }))).json();
}

export async function send(path: string, body: unknown, signal?: AbortSignal, method = "POST"): Promise<Response> {
  return answered(await fetch(path, {
    method, signal, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }));
}

/** Ask with a body, as `get`. */
export async function post<P extends PostPath>(path: P | Address<P>, body: Sent<paths[P]["post"]>, signal?: AbortSignal): Promise<Posted<P>>;
export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T>;
export async function post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  return (await send(path, body, signal)).json();
}

export function unpack<H>(data: ArrayBuffer): Envelope<H> {
  const view = new DataView(data);
  if (view.byteLength < 8 || view.getUint32(0, false) !== 0x54484331) throw new Error("these are no arrays");
  const size = view.getUint32(4, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, size))) as
    H & { arrays: { name: string; shape: number[] }[] };
  const arrays: Record<string, Float32Array> = {};
  const shapes: Record<string, number[]> = {};
  let place = 8 + size;
  for (const { name, shape } of head.arrays) {
    const count = shape.reduce((a, b) => a * b, 1);
    arrays[name] = new Float32Array(data, place, count);
    shapes[name] = shape;
    place += 4 * count;
  }
  return { head, arrays, shapes };
}

export async function getArrays<H>(path: string): Promise<Envelope<H>> {
  return unpack<H>(await (await answered(await fetch(path))).arrayBuffer());
}

async function looked<H>(path: PostPath, text: string, arm: string, signal?: AbortSignal): Promise<Envelope<H>> {
  return unpack<H>(await (await send(path, { text, arm }, signal)).arrayBuffer());
}

export const preview = (text: string, arm: string, signal?: AbortSignal): Promise<Preview> => looked("/api/preview", text, arm, signal);
export const places = (text: string, arm: string, signal?: AbortSignal): Promise<Places> => looked("/api/places", text, arm, signal);

// The server's answers, and how to ask for them. Arrays come as float32 blocks behind a JSON head.

export interface Problem {
  where: string; what: string; seen: string; allowed: string; remedy: string; severity: string; code: string;
  line?: number | null; path?: string;
}
export interface ArmShown {
  id: string; label: string; role: string; n: number; reference: string | null; injured: boolean;
  first_dose_d: number | null;
}
export interface Findings { problems: Problem[]; errors: number; arms: ArmShown[]; animals: number }
export interface Product {
  name: string; aliases: string[]; kind: string; description: string; published_doses: Record<string, string[]>;
}
export interface Species {
  name: string; levels: string[]; default_level: string; default_volume_ul: number; largest_volume_ul: number;
  strains: string[];
}
export interface Hypothesis { id: string; name: string; meaning: string; default: number }
export interface Catalogue {
  species: Species[]; injuries: { name: string; description: string }[]; products: Product[];
  assays: { name: string; description: string }[]; hypotheses: Hypothesis[]; genes: string[]; routes: string[];
  donors: string[];
}
export interface Relief {
  level: number; spans: [number, number][]; onset_h: number | null; end_h: number | null; duration_h: number;
  open_end: boolean; best: number | null; defined: boolean; reason: string;
}
export interface PreviewHead {
  study: string; species: string; arm: string; label: string; n: number; draws: number; lost: number;
  reference: string | null; reference_label: string | null; baseline_log10_g: number | null; injury_d: number;
  injured: boolean; doses: { day_d: number; end_d: number; what: string }[]; end_d: number; level: number;
  relief: Relief | null; words: string; duration_h: [number, number, number] | null; first_dose_d?: number;
  segments: { id: string; ganglia: string[] }[];
}
export interface Envelope<H> { head: H; arrays: Record<string, Float32Array>; shapes: Record<string, number[]> }
export type Preview = Envelope<PreviewHead>;
export interface Run {
  id: string; kind: string; name: string; title: string; created: number; finished: number | null; state: string;
  done: number; total: number; message: string;
}

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

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await answered(await fetch(path, { signal }))).json() as Promise<T>;
}

export async function send(path: string, body: unknown, signal?: AbortSignal, method = "POST"): Promise<Response> {
  return answered(await fetch(path, {
    method, signal, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }));
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await send(path, body, signal)).json() as Promise<T>;
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

export async function preview(text: string, arm: string, signal?: AbortSignal): Promise<Preview> {
  return unpack<PreviewHead>(await (await send("/api/preview", { text, arm }, signal)).arrayBuffer());
}

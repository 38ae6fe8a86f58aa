// Numbers as readers expect them, and curves on a common axis.

export function hours(h: number | null | undefined): string {
  if (h === null || h === undefined || !Number.isFinite(h)) return "–";
  if (h === 0) return "0 h";
  if (h < 0.995) return `${three(h * 60)} min`;
  return h < 48 ? `${three(h)} h` : `${three(h / 24)} d`;
}

export function three(x: number): string {
  if (!Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const magnitude = Math.abs(x);
  if (magnitude < 1e-3 || magnitude >= 1e6) return Number(x.toPrecision(3)).toExponential().replace("e+", "e");
  return String(Number(x.toPrecision(3)));
}

export function percent(x: number | null | undefined): string {
  return x === null || x === undefined || !Number.isFinite(x) ? "–" : `${(100 * x).toFixed(0)} %`;
}

export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Straight-line interpolation; NaN outside. */
export function at(x: ArrayLike<number>, y: ArrayLike<number>, where: number): number {
  const n = x.length;
  if (!n || where < x[0]! || where > x[n - 1]!) return NaN;
  let low = 0, high = n - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= where) low = middle; else high = middle;
  }
  if (x[high] === where) return y[high]!;
  const share = (where - x[low]!) / (x[high]! - x[low]!);
  return share === 0 ? y[low]! : y[low]! + share * (y[high]! - y[low]!);
}

/** All times of several curves, once each, in order. */
export function union(axes: ArrayLike<number>[]): number[] {
  return [...new Set(axes.flatMap((axis) => Array.from(axis)))].sort((a, b) => a - b);
}

export function row(array: Float32Array, width: number, k: number): Float32Array {
  return array.subarray(k * width, (k + 1) * width);
}

export function save(name: string, content: BlobPart, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 5000);
}

export function csv(header: string[], rows: (string | number)[][]): string {
  const cell = (c: string | number) => (typeof c === "string" && /[",\n]/.test(c) ? `"${c.replaceAll('"', '""')}"` : String(c));
  return [header, ...rows].map((line) => line.map(cell).join(",")).join("\n") + "\n";
}

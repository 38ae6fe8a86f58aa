// A chart as a picture that can be read alone: title, legend, plot, and what it is.
import type { Curve } from "./curves";
import { save } from "./numbers";
import { theme } from "./plot";

const EDGE = 12, LINE = 20, SAMPLE = 26;

export function paintFigure(plot: HTMLCanvasElement, title: string, curves: Curve[]): HTMLCanvasElement {
  const fine = devicePixelRatio || 1;
  const whole = document.createElement("canvas");
  const context = whole.getContext("2d");
  if (!context) return whole;
  const width = plot.width / fine + 2 * EDGE;
  const rows = legendRows(context, curves, width - 2 * EDGE);
  const heading = wrapped(context, title, "bold 14px system-ui, sans-serif", width - 2 * EDGE);
  const top = EDGE + (heading.length + rows.length) * LINE + 4;
  whole.width = width * fine;
  whole.height = (top + LINE + 6) * fine + plot.height;
  const { ink, card } = theme();
  context.scale(fine, fine);
  context.fillStyle = card;
  context.fillRect(0, 0, width, whole.height / fine);
  context.fillStyle = ink;
  context.textBaseline = "middle";
  context.font = "bold 14px system-ui, sans-serif";
  heading.forEach((line, k) => context.fillText(line, EDGE, EDGE + (k + 0.5) * LINE));
  context.font = "12px system-ui, sans-serif";
  rows.forEach((row, k) => { for (const one of row) entry(context, one.curve, one.words, EDGE + one.left, EDGE + (heading.length + k + 0.5) * LINE, ink); });
  context.drawImage(plot, EDGE, top, plot.width / fine, plot.height / fine);
  context.fillStyle = ink;
  context.font = "11px system-ui, sans-serif";
  context.fillText("Thecal. Computer model, not medical advice.", EDGE, top + plot.height / fine + LINE / 2);
  return whole;
}

function wrapped(context: CanvasRenderingContext2D, text: string, font: string, width: number): string[] {
  context.font = font;
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) && context.measureText(longer).width > width) lines.push(word); else lines[lines.length - 1] = longer;
  }
  return lines;
}

interface Entry { curve: Curve; words: string; left: number }

function legendRows(context: CanvasRenderingContext2D, curves: Curve[], width: number): Entry[][] {
  context.font = "12px system-ui, sans-serif";
  const rows: Entry[][] = [];
  let left = Infinity;
  for (const curve of curves) {
    const words = curve.label + (curve.bandLabel ? ` (${curve.bandLabel})` : "");
    const wide = SAMPLE + 6 + context.measureText(words).width + 16;
    if (left + wide > width) { rows.push([]); left = 0; }
    rows.at(-1)!.push({ curve, words, left });
    left += wide;
  }
  return rows;
}

function entry(context: CanvasRenderingContext2D, curve: Curve, words: string, left: number, y: number, ink: string): void {
  context.save();
  context.fillStyle = curve.colour + "4d";
  if (curve.low) context.fillRect(left, y - 5, SAMPLE, 10);
  context.fillStyle = context.strokeStyle = curve.colour;
  context.lineWidth = 2.5;
  context.setLineDash(curve.dash ?? []);
  context.beginPath();
  if (curve.kind === "points") { context.arc(left + SAMPLE / 2, y, 3.5, 0, 7); context.fill(); }
  else if (!curve.bandOnly) { context.moveTo(left, y); context.lineTo(left + SAMPLE, y); context.stroke(); }
  context.fillStyle = ink;
  context.fillText(words, left + SAMPLE + 6, y);
  context.restore();
}

export function savePicture(canvas: HTMLCanvasElement, name: string): void {
  canvas.toBlob((blob) => { if (blob) save(`${name}.png`, blob, "image/png"); });
}

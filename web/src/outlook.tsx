// What the preview shows: pain, reversal, relief, where things are, cells at the ganglia.
import { useEffect, useMemo, useState } from "react";
import type { Preview } from "./api";
import { COLOURS, Chart, type Curve, DASHES, type Span } from "./chart";
import { type Asked, type Looked, useKept, usePlaces } from "./hooks";
import { at, hours, percent, row, three } from "./numbers";
import { Loading, Problems } from "./parts";
import { PlacesView, type Shown } from "./places";

const GREY = "#7a7a7a";
const OTHERS = [1, 2, 3, 5].map((k) => COLOURS[k]!); // scenarios; the fourth colour is that of parameter draws
const VIEWS = [["pain", "Pain"], ["reversal", "Reversal"], ["canal", "Canal"], ["cells", "Cells"]] as const;
type View = (typeof VIEWS)[number][0];

export function Outlook({ looked, names, asked, scenarios }: { looked: Looked; names: string[]; asked: (Asked | null)[]; scenarios: (Preview | null)[] }) {
  const [view, see] = useKept<View>("view", "pain", VIEWS.map(([id]) => id));
  const [single, showSingle] = useState(true);
  const found = looked.preview;
  const others = names.map((name, k) => ({ name, preview: scenarios[k] ?? null })).filter((o): o is { name: string; preview: Preview } => o.preview !== null);
  return (
    <section className={`card outlook${looked.busy ? " busy" : ""}`} aria-labelledby="look-h" data-previews={looked.count} data-ms={Math.round(looked.ms)}>
      <h2 id="look-h">What the animals do</h2>
      <Problems list={looked.problems} />
      {found && <>
        <Told preview={found} problems={looked.problems.length > 0} />
        <div className="bar tabs" role="group" aria-label="What to show">
          {VIEWS.map(([id, name]) => <button key={id} type="button" aria-pressed={view === id} onClick={() => see(id)}>{name}</button>)}
          {view === "pain" && <label className="check"><input type="checkbox" checked={single} onChange={(e) => showSingle(e.target.checked)} /> Single animals</label>}
        </div>
        {view === "pain" && <Pain preview={found} others={others} single={single} />}
        {view === "reversal" && <Reversal preview={found} others={others} />}
        {view === "canal" && looked.asked && <Canal preview={found} asked={looked.asked} names={names} scenarios={asked} />}
        {view === "cells" && <Cells preview={found} others={others} />}
      </>}
    </section>
  );
}

/** What is given, as computed: an arm's label is free text and may tell of another dose. */
export function given(head: Preview["head"]): string {
  const list = head.doses.slice(0, 3).map((d) => {
    const parts = d.what.split(", ");
    return [parts[0], `day ${three(d.day_d)}`, ...parts.filter((p) => / left /.test(p))].join(", ");
  });
  return list.length ? list.join(" + ") : head.label || head.arm;
}

/** The answer in words, told once things have come to rest. */
function Told({ preview, problems }: { preview: Preview; problems: boolean }) {
  const { head } = preview;
  const [told, tell] = useState("");
  const drawn = head.duration_h ? ` Over ${head.duration_h[2]} draws of the uncertain numbers it lasts ${hours(head.duration_h[0])} to ${hours(head.duration_h[1])}${head.fitted ? ` (${head.fitted})` : ""}.` : "";
  const text = `${given(head)}: ${head.words || (head.injured ? "nothing to compare with" : "not injured, so there is no pain to relieve")}.${drawn}`;
  useEffect(() => {
    const wait = setTimeout(() => tell(text), 700);
    return () => clearTimeout(wait);
  }, [text]);
  return (
    <>
      <p className="answer" data-answer={head.arm}>{text}{problems && " (before the last change)"}</p>
      <p className="sr" aria-live="polite">{told}</p>
      <p className="hint">Arm “{head.label || head.arm}”, simulated: {head.n} animals of each group, {head.draws} parameter draws{head.lost ? `, ${head.lost} could not be computed` : ""}.
        {head.doses.length ? ` Given: ${head.doses.map((d) => `${d.what}, day ${three(d.day_d)}`).slice(0, 3).join("; ")}. ` : ""}
        Compared with {head.reference_label || head.reference || "no other group"}.</p>
    </>
  );
}

const threshold = (falls: ArrayLike<number>, baseline: number): Float64Array => Float64Array.from(falls, (f) => 10 ** (baseline - f));

function pains(preview: Preview, key: string, single: boolean): { mean: ArrayLike<number>; low: ArrayLike<number>; high: ArrayLike<number>; dl?: ArrayLike<number>; dh?: ArrayLike<number>; animals: ArrayLike<number>[] } {
  const { arrays, shapes, head } = preview;
  const base = head.baseline_log10_g;
  const change = (a: ArrayLike<number>): ArrayLike<number> => (base === null ? a : threshold(a, base));
  const [n = 0, width = 0] = shapes[`${key}.animals`] ?? [];
  const [low, high] = base === null ? ["low", "high"] : ["high", "low"]; // a large fall is a low threshold
  return { mean: change(arrays[`${key}.mean`]!), low: change(arrays[`${key}.${low}`]!), high: change(arrays[`${key}.${high}`]!),
           dl: arrays[`${key}.draws_${low}`] && change(arrays[`${key}.draws_${low}`]!), dh: arrays[`${key}.draws_${high}`] && change(arrays[`${key}.draws_${high}`]!),
           animals: single ? Array.from({ length: n }, (_, k) => change(row(arrays[`${key}.animals`]!, width, k))) : [] };
}

type Other = { name: string; preview: Preview };

function Pain({ preview, others, single }: { preview: Preview; others: Other[]; single: boolean }) {
  const { head, arrays } = preview;
  const x = arrays.t_d!;
  const curves = useMemo(() => {
    const mine = pains(preview, "arm", single);
    const list: Curve[] = mine.animals.map((y, k) => ({ label: `animal ${k + 1}`, x, y, colour: COLOURS[0]!, faint: true, width: 1 }));
    if (head.reference) {
      const other = pains(preview, "reference", false);
      list.push({ label: head.reference_label || head.reference, x, y: other.mean, colour: GREY, dash: [6, 4], low: other.low, high: other.high, bandLabel: "mean; 5–95 % of animals" });
    }
    if (mine.dl && mine.dh) list.push({ label: "its typical animal, uncertain numbers drawn again", bandOnly: true, x, y: mine.mean.length ? Float64Array.from(x, () => NaN) : [], colour: COLOURS[4]!, low: mine.dl, high: mine.dh, bandLabel: "5–95 % of draws" });
    list.push({ label: given(head), x, y: mine.mean, colour: COLOURS[0]!, low: mine.low, high: mine.high, bandLabel: "mean; 5–95 % of animals", width: 3 });
    others.forEach((o, k) => {
      const theirs = pains(o.preview, "arm", false);
      list.push({ label: o.name, x: o.preview.arrays.t_d!, y: theirs.mean, colour: OTHERS[k % 4]!, dash: DASHES[k + 1] });
    });
    return list;
  }, [preview, others.map((o) => o.name + o.preview.head.arm).join(), others.length, single]);
  const marks = useMemo(() => doses(preview), [preview]);
  const mine = useMemo(() => reliefs(preview, COLOURS[0]!, 0), [preview]);
  const spans = useMemo(() => [...mine, ...others.flatMap((o, k) => reliefs(o.preview, OTHERS[k % 4]!, k + 1))], [mine, others.length, others.map((o) => o.name + o.preview.head.arm).join()]);
  const measured = head.baseline_log10_g !== null;
  return (
    <>
      <Chart name="pain" title={measured ? "Paw withdrawal threshold, injured side" : "Pain from touch, fall of log10 threshold"} xLabel="days after injury"
             yLabel={measured ? "50 % threshold (g)" : "fall of log10 threshold"} curves={curves} log={measured} marks={marks} spans={spans}
             summary={`${head.label || head.arm}: ${head.words}`} />
      {spans.length > 0 && <p className="hint">Strips at the foot: relief (reversal of at least {percent(head.level)}), in the colour of its curve{mine.length ? `; here ${mine.map((s) => `day ${three(s.from)} to ${three(s.to)}`).join(", ")}` : ""}.</p>}
    </>
  );
}

/** When an arm is relieved, in days. */
function reliefs({ head }: Preview, colour: string, row: number): Span[] {
  const day = head.first_dose_d ?? 0;
  return (head.relief?.spans ?? []).map(([a, b]) => ({ from: day + a / 24, to: day + b / 24, colour, row }));
}

function doses(preview: Preview): { x: number; label: string }[] {
  return preview.head.doses.slice(0, 4).map((d) => ({ x: d.day_d, label: d.what.split(",")[0] ?? "" }));
}

function Reversal({ preview, others }: { preview: Preview; others: Other[] }) {
  const { arrays, head } = preview;
  const curves = useMemo(() => {
    const list = [{ preview, name: given(head) }, ...others].flatMap((o, k): Curve[] => {
      const y = o.preview.arrays.reversal;
      return y ? [{ label: o.name, x: o.preview.arrays.t_d!, y: after(o.preview, y), colour: k ? OTHERS[(k - 1) % 4]! : COLOURS[0]!, dash: DASHES[k], width: k ? 2 : 3 }] : [];
    });
    const [low, high] = [arrays["reversal.draws_low"], arrays["reversal.draws_high"]];
    return low && high ? [{ label: "its typical animal, uncertain numbers drawn again", bandOnly: true, x: arrays.t_d!, y: Float64Array.from(low, () => NaN), colour: COLOURS[4]!,
                            low: after(preview, low), high: after(preview, high), bandLabel: "5–95 % of draws" }, ...list] : list;
  }, [preview, others.length, others.map((o) => o.name).join()]);
  const marks = useMemo(() => doses(preview), [preview]);
  if (!arrays.reversal) return <p>Reversal needs an injured arm that is compared with another.</p>;
  return <Chart name="reversal" title="Share of the lost threshold that is given back" xLabel="days after injury" yLabel="reversal" curves={curves} marks={marks}
                limits={[-0.25, 1.1]} level={{ y: head.level, label: `relief: ${percent(head.level)}` }}
                summary={`Best reversal ${percent(head.relief?.best)}. Nothing is drawn where the compared group has too small a deficit.`} />;
}

function after(preview: Preview, y: ArrayLike<number>): Float64Array {
  const day = preview.head.first_dose_d ?? 0;
  return Float64Array.from(y, (v, k) => ((preview.arrays.t_d![k] ?? 0) >= day ? v : NaN));
}

/** Concentrations come as a second answer, once the curves are there. */
function Canal({ preview, asked, names, scenarios }: { preview: Preview; asked: Asked; names: string[]; scenarios: (Asked | null)[] }) {
  const list = useMemo(() => [
    { ...asked, name: given(preview.head), colour: COLOURS[0]!, dash: DASHES[0] },
    ...scenarios.map((s, k) => s && { ...s, name: names[k] ?? "", colour: OTHERS[k % 4]!, dash: DASHES[k + 1] })], [asked, scenarios]);
  const found = usePlaces(list);
  const shown = useMemo((): Shown[] => found.map(({ asked: { name, colour, dash }, places }) => ({ name, colour, dash, places })), [found]);
  return shown.length ? <PlacesView shown={shown} /> : <Loading what="Looking along the canal" />;
}

function Cells({ preview, others }: { preview: Preview; others: Other[] }) {
  const { head, arrays } = preview;
  const x = arrays.t_d!;
  const names = Object.keys(arrays).filter((n) => n.startsWith("cells.captured["));
  const curves = useMemo((): Curve[] => [
    { label: "all living donor cells", x, y: arrays["cells.living"]!, colour: GREY, width: 3 },
    ...names.map((n, k): Curve => ({ label: n.slice(15, -1), x, y: arrays[n]!, colour: COLOURS[k % 3]!, dash: n.includes("injured") ? [] : [6, 4] })),
  ], [preview]);
  const marks = useMemo(() => doses(preview), [preview]);
  if (!Math.max(...arrays["cells.living"]!)) return <p>This arm is given no cells.</p>;
  const positive = curves.map((c) => ({ ...c, y: Float64Array.from(c.y, (v) => (v >= 0.5 ? v : NaN)) }));
  return (
    <>
      <Chart name="cells" title="Living donor cells: all, and those held at each ganglion" xLabel="days after injury" yLabel="cells" log curves={positive} marks={marks}
             summary={names.map((n) => `${n.slice(15, -1)} at most ${three(Math.max(...arrays[n]!))}`).join(", ")} />
      <table><caption>Cells held at each ganglion, mean of {head.n} animals{others.length ? "; scenarios are compared in the other views" : ""}</caption>
        <thead><tr><th scope="col">Ganglion</th><th scope="col">Most</th><th scope="col">14 d after</th><th scope="col">60 d after</th></tr></thead>
        <tbody>{names.map((n) => <tr key={n}><th scope="row">{n.slice(15, -1)}</th><td>{three(Math.max(...arrays[n]!))}</td>
          {[14, 60].map((d) => <td key={d}>{three(at(x, arrays[n]!, (head.first_dose_d ?? 0) + d))}</td>)}</tr>)}</tbody></table>
    </>
  );
}

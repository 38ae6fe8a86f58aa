// Benefit and risk in people. The reader says how bad each harm is; nothing is weighed for them.
import { useEffect, useState } from "react";
import { type Closer, type Problem, post } from "./api";
import { Forest, type Row } from "./forest";
import { problemsOf } from "./hooks";
import { Undo, useKept } from "./kept";
import { csv, quantile, save, three } from "./numbers";
import type { Balance } from "./openapi";
import { Choice, Loading, Problems, Slider } from "./parts";
import { Plane } from "./plane";
import { Table } from "./table";
import { Translation } from "./translation";

interface Effect { name: string; favourable: boolean; with_cells: number[] | null; without_cells: number[] | null; natural_frequency: string; certainty: string; basis: string; sources: string[] }
export interface Weighing { benefit_per_100: number[] | null; harm_per_100: number[]; wins: number | null; sham_that_undoes_it: number | null; counted: string[]; unknown: string[]; why: string }
type Answer = Closer<Balance, { effects: Effect[]; plane: Weighing }>;

const INDICATIONS = [["peripheral_nerve_injury_pain", "Pain after a nerve injury"], ["lumbar_radicular_pain", "Sciatica"], ["spinal_cord_injury_pain", "Pain after spinal cord injury"], ["chronic_pain", "“Chronic pain” as such"]] as const;
const HARMS: Record<string, string> = { headache: "Headache", puncture_pain: "Pain at the puncture", fever: "Fever", meningeal_reaction: "Irritated meninges", infection: "Infection", pain_worse: "More pain than before" };

const FIRST = { indication: "peripheral_nerve_injury_pain", product: "allogeneic bmsc", dose: 8, volume: 5, repeats: 1,
                weights: { headache: 0.1, puncture_pain: 0.1, fever: 0.1, meningeal_reaction: 0.3, infection: 1, pain_worse: 1 } as Record<string, number> };

export default function PeoplePage() {
  const kept = useKept("people", FIRST);
  const plan = kept.value;
  const weights = { ...FIRST.weights, ...plan.weights };
  const set = (changes: Partial<typeof FIRST>) => kept.set({ ...plan, ...changes }, Object.keys(changes).join());
  const weigh = (harm: string, v: number) => kept.set({ ...plan, weights: { ...weights, [harm]: v } }, harm);
  const [found, keep] = useState<Answer | null>(null);
  const [problems, tell] = useState<Problem[]>([]);
  const asked = Object.keys(HARMS).filter((h) => h !== "pain_worse" || plan.indication === "spinal_cord_injury_pain");
  useEffect(() => {
    const stop = new AbortController();
    const wait = setTimeout(() => {
      post<Answer>("/api/balance", { indication: plan.indication, product: plan.product, dose_cells: Number((10 ** plan.dose).toPrecision(2)), volume_ul: plan.volume * 1000, repeats: plan.repeats,
                                      weights: Object.fromEntries(asked.map((h) => [h, weights[h]])) }, stop.signal)
        .then((answer) => { keep(answer); tell([]); }, (error: unknown) => { if (!stop.signal.aborted) tell(problemsOf(error)); });
    }, 120);
    return () => { clearTimeout(wait); stop.abort(); };
  }, [plan]);
  return (
    <div className="page">
      <h1>People</h1>
      <p>What would be gained and what would be risked, for 100 people. “Unknown” does not mean “rare”: it means that nobody has counted.</p>
      <div className="bar" role="group" aria-label="Your choices"><Undo kept={kept} /><button type="button" className="quiet" onClick={() => kept.set(FIRST)}>Begin anew</button>
        <span className="hint">They are kept in this browser.</span></div>
      <div className="two">
        <section className="card"><h2>What would be given</h2>
          <Choice label="For" value={plan.indication} options={INDICATIONS.map(([value, label]) => ({ value, label }))} onChange={(indication) => set({ indication })} />
          <Choice label="Cells" value={plan.product} options={[{ value: "allogeneic bmsc", label: "bone marrow stromal cells of a donor" }, { value: "autologous bmsc", label: "one's own bone marrow stromal cells" }]} onChange={(product) => set({ product })} />
          <Slider label="Dose" value={plan.dose} low={6} high={9} step={0.1} shown={`${three(Number((10 ** plan.dose).toPrecision(2)))} cells`} onChange={(dose) => set({ dose })} />
          <Slider label="Volume" value={plan.volume} low={1} high={20} step={0.5} shown={`${plan.volume} ml`} onChange={(volume) => set({ volume })} />
          <Slider label="Injections" value={plan.repeats} low={1} high={12} step={1} shown={String(plan.repeats)} onChange={(repeats) => set({ repeats })} />
        </section>
        <section className="card"><h2>How bad is each harm to you?</h2>
          <p className="hint">1: one such harm is as bad as one person's relief is good. 0: it does not matter.</p>
          {asked.map((h) => <Slider key={h} label={HARMS[h]!} value={weights[h]!} low={0} high={3} step={0.05} shown={weights[h]!.toFixed(2)} onChange={(v) => weigh(h, v)} />)}
        </section>
      </div>
      <Problems list={problems} />
      {found ? <Weighed found={found} /> : !problems.length && <Loading what="Weighing" />}
      <Translation />
    </div>
  );
}

function Weighed({ found }: { found: Answer }) {
  const { plane } = found;
  const harm = [0.05, 0.5, 0.95].map((q) => quantile(plane.harm_per_100, q));
  return (
    <>
      <section className="card" aria-live="polite"><h2>At your weights</h2>
        <p className="answer">The harms that were counted weigh as much as the relief of {three(harm[1]!)} of 100 people ({three(harm[0]!)} to {three(harm[2]!)}).{" "}
          {plane.benefit_per_100 ? `Relief beyond an injection without cells: ${three(quantile(plane.benefit_per_100, 0.5))} of 100 (${three(quantile(plane.benefit_per_100, 0.05))} to ${three(quantile(plane.benefit_per_100, 0.95))}).` : "How many would be relieved beyond an injection without cells, nobody knows."}
          {plane.wins !== null && ` Benefit outweighs these harms in ${(100 * plane.wins).toFixed(0)} % of draws.`}</p>
        <Plane plane={plane} />
        {plane.why && <p>{plane.why}</p>}
        <p><strong>Not in this balance, for nobody has counted:</strong> {plane.unknown.map((u) => u.replaceAll("_", " ")).join(", ")}.</p>
        <h3>What would have to be true</h3>
        <ul>{found.must_be_true.map((m) => <li key={m}>{m}</li>)}</ul>
      </section>
      <Effects effects={found.effects} />
    </>
  );
}

function Effects({ effects }: { effects: Effect[] }) {
  const rows = effects.flatMap((e): Row[] => ([["with cells", e.with_cells], ["without", e.without_cells]] as const).flatMap(([whose, v]) =>
    v ? [{ label: `${e.name}, ${whose}`, estimate: v[1] ?? null, low: v[0] ?? null, high: v[2] ?? null, note: `certainty: ${e.certainty}` }] : []));
  const uncounted = effects.filter((e) => !e.with_cells).map((e) => e.name.toLowerCase());
  const kept = () => csv(["effect", "favourable", "with cells", "low", "high", "without", "low", "high", "in words", "certainty", "sources"], effects.map((e) => [
    e.name, String(e.favourable), e.with_cells?.[1] ?? "", e.with_cells?.[0] ?? "", e.with_cells?.[2] ?? "", e.without_cells?.[1] ?? "", e.without_cells?.[0] ?? "", e.without_cells?.[2] ?? "",
    e.natural_frequency, e.certainty, e.sources.join("; ")]));
  return (
    <section className="card"><h2>Effects</h2>
      <Forest name="effects" title="What was counted, of 100 people" rows={rows} unit="of 100" range={[0, 10]} />
      {uncounted.length > 0 && <p><strong>No bar can be drawn with cells, for nobody has counted:</strong> {uncounted.join(", ")}.</p>}
      <Table label="Effects table" caption="For 100 people, with what is known without cells" columns={["What", "With cells", "Without", "In words", "How sure", "From"]} small={[5]}
             rows={effects.map((e) => [e.name, range(e.with_cells), range(e.without_cells), e.natural_frequency, e.certainty, e.sources.join("; ")])} />
      <button type="button" className="quiet" onClick={() => save("effects.csv", kept(), "text/csv")}>Save the effects</button>
    </section>
  );
}

const range = (v: number[] | null) => (v ? `${three(v[1]!)} (${three(v[0]!)} to ${three(v[2]!)})` : "unknown");

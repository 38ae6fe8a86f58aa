// Benefit and risk in people. The reader says how bad each harm is; nothing is weighed for them.
import { useEffect, useState } from "react";
import { type Problem, post } from "./api";
import { problemsOf } from "./hooks";
import { three } from "./numbers";
import { Translation } from "./translation";
import { Choice, Loading, Problems, Slider } from "./parts";

interface Effect { name: string; favourable: boolean; with_cells: number[] | null; without_cells: number[] | null; natural_frequency: string; certainty: string; basis: string; sources: string[] }
interface Plane { benefit_per_100: number[] | null; harm_per_100: number[]; wins: number | null; sham_that_undoes_it: number | null; counted: string[]; unknown: string[]; why: string }
interface Balance { effects: Effect[]; plane: Plane; must_be_true: string[]; sham_per_100: (number | null)[] }

const INDICATIONS = [["peripheral_nerve_injury_pain", "Pain after a nerve injury"], ["lumbar_radicular_pain", "Sciatica"], ["spinal_cord_injury_pain", "Pain after spinal cord injury"], ["chronic_pain", "“Chronic pain” as such"]] as const;
const HARMS: Record<string, string> = { headache: "Headache", puncture_pain: "Pain at the puncture", fever: "Fever", meningeal_reaction: "Irritated meninges", infection: "Infection", pain_worse: "More pain than before" };

export default function PeoplePage() {
  const [plan, set] = useState({ indication: "peripheral_nerve_injury_pain", product: "allogeneic bmsc", dose: 8, volume: 5, repeats: 1 });
  const [weights, weigh] = useState<Record<string, number>>({ headache: 0.1, puncture_pain: 0.1, fever: 0.1, meningeal_reaction: 0.3, infection: 1, pain_worse: 1 });
  const [found, keep] = useState<Balance | null>(null);
  const [problems, tell] = useState<Problem[]>([]);
  const asked = Object.keys(HARMS).filter((h) => h !== "pain_worse" || plan.indication === "spinal_cord_injury_pain");
  useEffect(() => {
    const stop = new AbortController();
    const wait = setTimeout(() => {
      post<Balance>("/api/balance", { indication: plan.indication, product: plan.product, dose_cells: Number((10 ** plan.dose).toPrecision(2)), volume_ul: plan.volume * 1000, repeats: plan.repeats,
                                      weights: Object.fromEntries(asked.map((h) => [h, weights[h]])) }, stop.signal)
        .then((answer) => { keep(answer); tell([]); }, (error: unknown) => { if (!stop.signal.aborted) tell(problemsOf(error)); });
    }, 120);
    return () => { clearTimeout(wait); stop.abort(); };
  }, [plan, weights]);
  return (
    <div className="page">
      <h1>People</h1>
      <p>What would be gained and what would be risked, for 100 people. “Unknown” does not mean “rare”: it means that nobody has counted.</p>
      <div className="two">
        <section className="card"><h2>What would be given</h2>
          <Choice label="For" value={plan.indication} options={INDICATIONS.map(([value, label]) => ({ value, label }))} onChange={(indication) => set({ ...plan, indication })} />
          <Choice label="Cells" value={plan.product} options={[{ value: "allogeneic bmsc", label: "bone marrow stromal cells of a donor" }, { value: "autologous bmsc", label: "one's own bone marrow stromal cells" }]} onChange={(product) => set({ ...plan, product })} />
          <Slider label="Dose" value={plan.dose} low={6} high={9} step={0.1} shown={`${three(Number((10 ** plan.dose).toPrecision(2)))} cells`} onChange={(dose) => set({ ...plan, dose })} />
          <Slider label="Volume" value={plan.volume} low={1} high={20} step={0.5} shown={`${plan.volume} ml`} onChange={(volume) => set({ ...plan, volume })} />
          <Slider label="Injections" value={plan.repeats} low={1} high={12} step={1} shown={String(plan.repeats)} onChange={(repeats) => set({ ...plan, repeats })} />
        </section>
        <section className="card"><h2>How bad is each harm to you?</h2>
          <p className="hint">1: one such harm is as bad as one person's relief is good. 0: it does not matter.</p>
          {asked.map((h) => <Slider key={h} label={HARMS[h]!} value={weights[h]!} low={0} high={3} step={0.05} shown={weights[h]!.toFixed(2)} onChange={(v) => weigh({ ...weights, [h]: v })} />)}
        </section>
      </div>
      <Problems list={problems} />
      {found ? <Weighed found={found} /> : !problems.length && <Loading what="Weighing" />}
      <Translation />
    </div>
  );
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function Weighed({ found }: { found: Balance }) {
  const { plane } = found;
  const harm = [0.05, 0.5, 0.95].map((q) => quantile(plane.harm_per_100, q));
  return (
    <>
      <section className="card" aria-live="polite"><h2>At your weights</h2>
        <p className="answer">The harms that were counted weigh as much as the relief of {three(harm[1]!)} of 100 people ({three(harm[0]!)} to {three(harm[2]!)}).{" "}
          {plane.benefit_per_100 ? `Relief beyond an injection without cells: ${three(quantile(plane.benefit_per_100, 0.5))} of 100 (${three(quantile(plane.benefit_per_100, 0.05))} to ${three(quantile(plane.benefit_per_100, 0.95))}).` : "How many would be relieved beyond an injection without cells, nobody knows."}
          {plane.wins !== null && ` Benefit outweighs these harms in ${(100 * plane.wins).toFixed(0)} % of draws.`}</p>
        <Scatter plane={plane} />
        {plane.why && <p>{plane.why}</p>}
        <p><strong>Not in this balance, for nobody has counted:</strong> {plane.unknown.map((u) => u.replaceAll("_", " ")).join(", ")}.</p>
        <h3>What would have to be true</h3>
        <ul>{found.must_be_true.map((m) => <li key={m}>{m}</li>)}</ul>
      </section>
      <section className="card"><h2>Effects</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Effects table"><table><caption>For 100 people, with what is known without cells</caption>
          <thead><tr><th scope="col">What</th><th scope="col">With cells</th><th scope="col">Without</th><th scope="col">In words</th><th scope="col">How sure</th><th scope="col">From</th></tr></thead>
          <tbody>{found.effects.map((e) => <tr key={e.name}><th scope="row">{e.name}</th><td>{range(e.with_cells)}</td><td>{range(e.without_cells)}</td><td>{e.natural_frequency}</td><td>{e.certainty}</td><td className="small">{e.sources.join("; ")}</td></tr>)}</tbody></table></div>
      </section>
    </>
  );
}

const range = (v: number[] | null) => (v ? `${three(v[1]!)} (${three(v[0]!)} to ${three(v[2]!)})` : "unknown");

/** Benefit against harm, one dot for each draw; above the line the harm weighs more. */
function Scatter({ plane }: { plane: Plane }) {
  const gain = plane.benefit_per_100;
  if (!gain) return null;
  const most = Math.max(20, ...gain.map(Math.abs), ...plane.harm_per_100) * 1.05;
  const x = (v: number) => 40 + 250 * ((v + most) / (2 * most));
  const y = (v: number) => 210 - 190 * (v / most);
  return (
    <svg viewBox="0 0 300 240" className="plane" role="img" aria-label="Benefit against harm per 100 people, one dot for each draw; the numbers stand in the sentence above">
      <line x1={x(0)} x2={x(most)} y1={y(0)} y2={y(most)} className="zero" />
      <line x1="40" x2="290" y1={y(0)} y2={y(0)} className="axis" /><line x1={x(0)} x2={x(0)} y1="20" y2="210" className="axis" />
      {gain.map((g, k) => <circle key={k} cx={x(g)} cy={y(plane.harm_per_100[k] ?? 0)} r="1.6" className="dot" />)}
      <text x="165" y="232" textAnchor="middle">relieved beyond no cells, of 100</text><text x="14" y="115" transform="rotate(-90 14 115)" textAnchor="middle">weighed harm, of 100</text>
    </svg>
  );
}

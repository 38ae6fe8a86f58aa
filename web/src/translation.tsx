// A treatment of the bench carried to another species by every rule: what each predicts, how far they differ, and why.
import type { Catalogue, Closer } from "./api";
import { Forest, type Row } from "./forest";
import { useGet, useKept, useQueued } from "./hooks";
import { percent, save, three } from "./numbers";
import type { Translated } from "./openapi";
import { Choice, Problems } from "./parts";
import { treated, usePicked } from "./picked";
import { Table } from "./table";
import { Waiting } from "./waiting";

/** What the description leaves open, as the page reads it. */
type Answer = Closer<Translated, {
  uncertainty: { days?: [number, number, number]; share_without_relief?: number; shares?: { name: string; first: number; total: number }[]; measure_next?: { meaning: string; share_of_all: number }[] };
}>;

export function Translation() {
  const picked = usePicked("translation", treated);
  const species = useGet<Catalogue>("/api/catalogue").value?.species ?? [];
  const [to, carry] = useKept<string>("to", "human");
  const queued = useQueued<Answer>("translate", "/api/translations");
  return (
    <section className="card"><h2>From the animal to a person</h2>
      <p>An arm of the study on the bench, carried to another species by every rule in use. Where the rules disagree, nobody knows which is right.</p>
      <div className="bar">
        <Choice label="Arm" value={picked.arm} options={picked.arms.map((a) => ({ value: a.id, label: a.label || a.id }))} onChange={picked.pick} />
        <Choice label="To" value={to} options={species.map((s) => s.name).filter((s) => s !== (picked.study?.species ?? "mouse"))} onChange={carry} />
        <button type="button" className="main" disabled={!picked.arm} onClick={() => void queued.begin({ text: picked.text, arm: picked.arm, to })}>Carry it over</button>
        <span className="hint">60 draws, some tens of seconds</span>
      </div>
      <Problems list={queued.problems} />
      <Waiting run={queued.run} />
      {queued.result && <Found found={queued.result} />}
    </section>
  );
}

function Found({ found }: { found: Answer }) {
  const usable = found.rules.flatMap((r) => (r.relief === "no basis" ? [] : [{ ...r, relief: r.relief }]));
  const days = usable.map((r): Row => ({ label: r.name, estimate: r.relief.duration_h / 24, low: r.relief.days_over_draws?.[0] ?? null, high: r.relief.days_over_draws?.[2] ?? null,
                                         note: `${percent(r.relief.share_of_draws_with_relief)} of draws have any relief` }));
  const sure = found.uncertainty;
  return (
    <>
      <h3>{found.study}, {found.arm}: {found.from} to {found.to}</h3>
      {sure.days && <p className="answer">Days of relief over everything unknown: {three(sure.days[1])} ({three(sure.days[0])} to {three(sure.days[2])}); none in {(100 * (sure.share_without_relief ?? 0)).toFixed(0)} % of draws.</p>}
      <p className="hint">Relief means: what the animal's pain would do if it lay in this canal. No trial has tested it.</p>
      <Forest name="translation" title="Relief in the model by rule" rows={days} unit="days" />
      <Table label="Rules" caption="What each rule gives" columns={["Rule", "Dose", "Volume", "Exposure at the ganglia, of home", "Why it differs"]} rows={found.rules.map((r) => [
        r.name, <>{r.dose_cells ? `${three(r.dose_cells)} cells` : r.dose_factor ? `${three(r.dose_factor)} times` : "–"}{r.beyond_experience ? <p className="hint">{r.beyond_experience}</p> : null}</>,
        r.volume_ul ? `${three(r.volume_ul / 1000)} ml` : "–", r.relief === "no basis" ? "no basis" : three(r.local_exposure_ratio ?? NaN),
        r.relief === "no basis" ? r.why : (r.causes ?? []).map((c) => `${c.name} × ${three(10 ** c.log10_change)}`).join(", ")])} />
      {sure.shares && <p>What the spread is due to: {sure.shares.map((s) => `${s.name} ${(100 * s.first).toFixed(0)} % alone, ${(100 * s.total).toFixed(0)} % with interactions`).join("; ")}.</p>}
      {sure.measure_next?.length ? <p>To learn most, measure: {sure.measure_next.slice(0, 4).map((m) => `${m.meaning} (${(100 * m.share_of_all).toFixed(0)} %)`).join("; ")}.</p> : null}
      <button type="button" className="quiet" onClick={() => save("translation.json", JSON.stringify(found, null, 1), "application/json")}>Save the translation</button>
    </>
  );
}

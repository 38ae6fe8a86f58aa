// The study as a form: the arm that is looked at, what it is given, what differs in its cells, rival hypotheses.
import type { Catalogue, Problem } from "./api";
import { spotsOf } from "./findings";
import { three } from "./numbers";
import { Choice, Field, Slider } from "./parts";
import { type Path, append } from "./patch";
import { type Arm, type Give, type Study, concerns, copyArm, quantity, short } from "./study";

interface Props {
  study: Study; arm: string; catalogue: Catalogue; problems: Problem[]; text: string;
  put: (path: Path, value: unknown) => void; edit: (text: string, key: string) => void; choose: (arm: string) => void;
}

/** Widest range of the dose slider by unit; a file may hold any dose. */
const REACH: Record<string, [number, number]> = {
  cells: [1e3, 1e7], pg: [1, 1e6], ng: [0.01, 1000], ug: [0.01, 100], fmol: [1, 1e6], pmol: [0.1, 1e4], nmol: [0.01, 100],
  "cells*h": [1e3, 1e8],
};
const USUAL: Record<string, string> = { cells: "2.5e5 cells", solute: "10 ng", content: "2.5e5 cells", antibody: "4 ug", inhibitor: "100 pmol" };

interface About { at: string; problems: Problem[] }

/** Where a field belongs in the file, and the findings about it (and about other names of the same thing). */
function abouts(problems: Problem[], prefix: string): (key: string, ...also: string[]) => About {
  return (key, ...also) => ({ at: prefix + key, problems: problems.filter((p) => spotsOf(p).some((s) => [key, ...also].some((k) => concerns(s.path, prefix + k)))) });
}

/** The keyboard goes to the field that is nearest to a place in the file. */
export function focusField(path: string): void {
  const fields = [...document.querySelectorAll<HTMLElement>(".form [data-at]")].filter((f) => concerns(path, f.dataset.at!) || concerns(f.dataset.at!, path));
  const nearest = fields.sort((a, b) => b.dataset.at!.length - a.dataset.at!.length)[0];
  if (!nearest) return;
  for (let up: Element | null = nearest; up; up = up.parentElement) if (up instanceof HTMLDetailsElement) up.open = true;
  nearest.scrollIntoView({ block: "center" });
  nearest.querySelector<HTMLElement>("input, select")?.focus();
}

export function Form(props: Props) {
  const { study, catalogue, problems, put, choose } = props;
  const index = (study.arms ?? []).findIndex((a) => a?.id === props.arm);
  const arm = study.arms?.[index];
  const about = abouts(problems, "");
  const injury = typeof study.injury === "string" ? study.injury : study.injury?.model ?? "naive";
  const end = quantity(study.end)?.value ?? 60;
  return (
    <form onSubmit={(e) => e.preventDefault()} aria-label="Study as a form">
      <Choice label="Arm to look at" value={props.arm} onChange={choose}
              options={(study.arms ?? []).map((a) => ({ value: String(a?.id), label: String(a?.label || a?.id) }))} />
      <div className="row">
        <button type="button" className="quiet" disabled={index < 0} onClick={() => {
          const made = copyArm(props.text, index);
          props.edit(made.text, "copy");
          choose(made.id);
        }}>Copy this arm</button>
        <button type="button" className="quiet" disabled={(study.arms?.length ?? 0) < 2 || index < 0}
                onClick={() => put(["arms", index], undefined)}>Remove this arm</button>
      </div>
      {arm && <ArmForm {...props} arm={arm} index={index} end={end} species={String(study.species ?? "mouse")} />}
      <fieldset>
        <legend>All arms</legend>
        <Choice label="Species" value={String(study.species ?? "mouse")} options={catalogue.species.map((s) => s.name)}
                {...about("species")} onChange={(v) => put(["species"], v)} />
        <Choice label="Nerve injury" value={String(injury)} options={catalogue.injuries.map((i) => i.name)}
                {...about("injury")}
                hint={catalogue.injuries.find((i) => i.name === injury)?.description}
                onChange={(v) => put(typeof study.injury === "string" || study.injury === undefined ? ["injury"] : ["injury", "model"], v)} />
        <Slider label="Animals per arm in a full run" value={Number(study.n ?? 8)} low={2} high={100} step={1} shown={String(study.n ?? 8)}
                {...about("n")} onChange={(v) => put(["n"], v)} />
        <Slider label="Last day" value={end} low={7} high={200} step={1} shown={`day ${end}`} {...about("end")}
                onChange={(v) => put(["end"], `${v} d`)} />
      </fieldset>
      <Hypotheses study={study} catalogue={catalogue} problems={problems} put={put} />
    </form>
  );
}

function ArmForm({ arm, index, catalogue, problems, put, text, edit, end, species }: Omit<Props, "arm"> & {
  arm: Arm; index: number; end: number; species: string;
}) {
  const gives = arm.give ?? [];
  const removal = arm.remove?.[0];
  return (
    <>
      {gives.map((give, k) => (
        <GiveForm key={k} give={give ?? {}} number={k} of={gives.length} path={["arms", index, "give", k]} prefix={`arms[${index}].give[${k}]`}
                  catalogue={catalogue} problems={problems} put={put} end={end} speciesName={species} />))}
      <button type="button" className="quiet" onClick={() => edit(
        append(text, ["arms", index, "give"], { what: "BMSC", dose: "2.5e5 cells", day: "4 d" }), "give")}>
        Give something more</button>
      <Field label="Take the donor cells out again">
        {(ids) => <select {...ids} value={removal ? "yes" : "no"} onChange={(e) => put(["arms", index, "remove"],
          e.target.value === "yes" ? [{ what: "donor cells", fraction: "100 %", day: "18 d" }] : undefined)}>
          <option value="no">no</option><option value="yes">yes, on a day</option></select>}
      </Field>
      {removal && <Slider label="Day of removal" value={quantity(removal.day)?.value ?? 18} low={0} high={end} step={1}
                          shown={`day ${three(quantity(removal.day)?.value ?? 18)}`}
                          {...abouts(problems, `arms[${index}].`)("remove")}
                          onChange={(v) => put(["arms", index, "remove", 0, "day"], `${v} d`)} />}
    </>
  );
}

function GiveForm({ give, number, of, path, prefix, catalogue, problems, put, end, speciesName }: {
  give: Give; number: number; of: number; path: Path; prefix: string; catalogue: Catalogue; problems: Problem[];
  put: Props["put"]; end: number; speciesName: string;
}) {
  const about = abouts(problems, `${prefix}.`);
  const wanted = String(give.what ?? "").toLowerCase();
  const product = catalogue.products.find((p) => [p.name, ...p.aliases].some((n) => n.toLowerCase() === wanted));
  const species = catalogue.species.find((s) => s.name === speciesName);
  const day = quantity(give.day)?.value;
  const dose = quantity(give.dose);
  const cells = product?.kind === "cells";
  const published = product?.published_doses[speciesName];
  return (
    <fieldset>
      <legend>{of > 1 ? `Given, ${number + 1} of ${of}` : "Given"}</legend>
      <Choice label="Product" value={product?.name ?? String(give.what ?? "")} options={catalogue.products.map((p) => p.name)} {...about("what")}
              hint={product?.description} onChange={(name) => {
                const next = catalogue.products.find((p) => p.name === name);
                put(path, exchanged(give, next?.name ?? name, next?.kind ?? "", next?.published_doses[speciesName]));
              }} />
      {dose && <DoseSlider dose={dose} about={about("dose")} published={published} change={(v) => put([...path, "dose"], v)} />}
      {day !== undefined && <Slider label="Day" value={day} low={0} high={Math.max(end, day)} step={1} shown={`day ${three(day)}`}
                                    {...about("day", "when")} onChange={(v) => put([...path, "day"], `${v} d`)} />}
      {give.days?.length ? <p className="hint">Given on days {give.days.join(", ")}; change them in the file.</p> : null}
      <div className="pair">
        <Choice label="Route" value={give.route ?? "lumbar puncture"} options={catalogue.routes} {...about("route")}
                onChange={(v) => put([...path, "route"], v)} />
        <Choice label="Level" value={give.level || species?.default_level || ""} options={species?.levels ?? []} {...about("level")}
                onChange={(v) => put([...path, "level"], v)} />
      </div>
      {!give.infusion && <Slider label="Volume" value={quantity(give.volume)?.value ?? species?.default_volume_ul ?? 10} low={1}
                                 high={(species?.largest_volume_ul ?? 10) * 2} step={(species?.largest_volume_ul ?? 10) > 100 ? 50 : 1}
                                 shown={`${three(quantity(give.volume)?.value ?? species?.default_volume_ul ?? 10)} µl${give.volume ? "" : " (usual)"}`}
                                 {...about("volume")} onChange={(v) => put([...path, "volume"], `${v} ul`)} />}
      {cells && <details><summary>Cells: viability, knock-downs, donor</summary>
        <Slider label="Viability" value={share(give.viability, 90)} low={10} high={100} step={1}
                shown={give.viability === undefined ? "not stated: the prior is used" : `${share(give.viability, 90)} %`}
                {...about("viability")} onChange={(v) => put([...path, "viability"], `${v} %`)} />
        {catalogue.genes.map((gene) => (
          <Slider key={gene} label={`${gene} left`} value={share(give.remaining?.[gene], 100)} low={0} high={100} step={5}
                  shown={`${share(give.remaining?.[gene], 100)} %`} {...about(`remaining.${gene}`)}
                  onChange={(v) => put([...path, "remaining", gene], v === 100 ? undefined : `${v} %`)} />))}
        <Choice label="Donor" value={give.donor ?? ""} options={[{ value: "", label: "as the product's file says" }, ...catalogue.donors]}
                {...about("donor")} onChange={(v) => put([...path, "donor"], v || undefined)} />
      </details>}
      {of > 1 && <button type="button" className="quiet" onClick={() => put(path, undefined)}>Take this out</button>}
    </fieldset>
  );
}

/** The same day and place with another product: what does not fit it is left out. */
export function exchanged(give: Give, what: string, kind: string, published?: string[]): Give {
  const { remaining, viability, donor, dose, ...rest } = give;
  if (kind === "vehicle") return { ...rest, what };
  const unit = quantity(published?.[0])?.unit;
  const fits = dose && unit && quantity(dose)?.unit === unit;
  const next = fits ? dose : published?.[0] ?? USUAL[kind] ?? "2.5e5 cells";
  const cells = kind === "cells" ? { ...(viability !== undefined && { viability }), ...(remaining && { remaining }), ...(donor && { donor }) } : {};
  return { ...rest, what, ...(give.infusion ? {} : { dose: next }), ...cells };
}

/** 20 steps a decade: the two digits that are written are never nearer to the next step, so no key press is lost. */
function DoseSlider({ dose, about, published, change }: {
  dose: { value: number; unit: string }; about: About; published?: string[]; change: (dose: string) => void;
}) {
  const [low, high] = REACH[dose.unit] ?? [dose.value / 100, dose.value * 100];
  const ends = published?.length ? `published: ${published[0]}${published.length > 1 ? ` to ${published.at(-1)}` : ""}` : undefined;
  return (
    <Slider label="Dose" value={Math.log10(Math.max(dose.value, 1e-12))} low={Math.log10(Math.min(low, dose.value))}
            high={Math.log10(Math.max(high, dose.value))} step={0.05} shown={`${three(dose.value)} ${dose.unit}`} {...about}
            hint={ends} onChange={(v) => change(`${short(10 ** v)} ${dose.unit}`)} />
  );
}

function share(value: unknown, otherwise: number): number {
  const found = quantity(value);
  if (!found) return otherwise;
  return found.unit === "%" ? found.value : found.value * 100;
}

function Hypotheses({ study, catalogue, problems, put }: Pick<Props, "study" | "catalogue" | "problems" | "put">) {
  const given = study.hypotheses ?? {};
  const weight = (id: string, otherwise: number): number => {
    const v = given[id];
    return v === undefined ? otherwise : v === "on" || v === true ? 1 : v === "off" || v === false ? 0 : Number(v);
  };
  return (
    <fieldset>
      <legend>Rival hypotheses</legend>
      <p className="hint">How the cells might work. H1 and H2 are on unless the study says otherwise; what nobody has measured is assumed.</p>
      <details><summary>Weights of H1 to H9</summary>
        {catalogue.hypotheses.map((h) => (
          <Slider key={h.id} label={`${h.id} ${h.name}`} value={weight(h.id, h.default)} low={0} high={1} step={0.05} shown={weight(h.id, h.default).toFixed(2)}
                  hint={h.meaning} {...abouts(problems, "hypotheses.")(h.id)}
                  onChange={(v) => put(["hypotheses", h.id], v === h.default ? undefined : v)} />))}
      </details>
    </fieldset>
  );
}


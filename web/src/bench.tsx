// The bench: a study as form and as text, what its animals do, scenarios side by side, runs.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Preview, type Problem, fill, get } from "./api";
import { Editor } from "./editor";
import { armOf } from "./findings";
import { Form, focusField } from "./form";
import { useAsked, useGet, useLint, usePreview, useRuns, useScenarios } from "./hooks";
import { writing } from "./kept";
import { save } from "./numbers";
import { Outlook } from "./outlook";
import { Choice, Loading, Problems } from "./parts";
import { type Path, setIn } from "./patch";
import { Runs } from "./runs";
import { MOST_SCENARIOS, useBench } from "./state";
import { data } from "./study";

const NONE: Problem[] = [];
const FIRST = { name: "chen2015", arm: "bmsc_early" };

/** A free letter and what is given. */
function called(taken: string[], preview: Preview | null): string {
  const letter = [..."ABCDEFGH"].find((l) => !taken.some((name) => name.startsWith(`${l}:`))) ?? "?";
  const given = preview?.head.doses.map((d) => `${d.what.split(",")[0]}, day ${d.day_d}`).slice(0, 2).join(" and ");
  return `${letter}: ${given || preview?.head.label || "nothing given"}`;
}

export function BenchPage() {
  const [bench, act] = useBench();
  const catalogue = useGet("/api/catalogue");
  const library = useGet("/api/studies").value ?? [];
  const study = useMemo(() => data(bench.text), [bench.text]);
  const findings = useLint(bench.text);
  const known = findings?.arms.find((a) => a.id === bench.arm);
  const looked = usePreview(study, bench.arm, catalogue.value, known?.reference);
  const asked = useAsked(bench.scenarios, catalogue.value);
  const scenarios = useScenarios(asked);
  const runs = useRuns();
  const [said, say] = useState("");
  const [goTo, go] = useState<{ line: number } | null>(null);
  const file = useRef<HTMLInputElement>(null);

  const turn = useRef(0); // what was chosen last is opened, even where it was read sooner than what was chosen before
  const open = useCallback(async (name: string, arm = "") => {
    const mine = ++turn.current;
    const found = await get(fill("/api/studies/{name}", { name }));
    if (mine !== turn.current) return;
    const arms = data(found.text)?.arms ?? [];
    act({ do: "open", text: found.text, arm: arm || arms.find((a) => a.give?.some((g) => g.what !== "vehicle"))?.id || arms[0]?.id || "" });
    say(`${name} opened`);
  }, []);
  useEffect(() => {
    if (!bench.text) open(FIRST.name, FIRST.arm).catch(() => say("The library cannot be read."));
  }, []);
  useEffect(() => {
    if (study?.arms?.length && !study.arms.some((a) => a?.id === bench.arm)) act({ do: "arm", arm: String(study.arms[0]?.id ?? "") });
  }, [study]);
  useEffect(() => {
    function key(event: KeyboardEvent) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || writing(event.target)) return;
      const pressed = event.key.toLowerCase();
      if (pressed === "z" || pressed === "y") {
        event.preventDefault();
        act({ do: pressed === "y" || event.shiftKey ? "redo" : "undo" });
        say(pressed === "y" || event.shiftKey ? "Done again" : "Undone");
      }
    }
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);

  const edit = useCallback((text: string, key: string) => act({ do: "edit", text, key, at: Date.now() }), []);
  const put = (path: Path, value: unknown) => edit(setIn(bench.text, path, value), path.join("."));

  async function read(chosen: File | undefined) {
    if (!chosen) return;
    if (chosen.size > 1_000_000) return say("This file is too large for a study: at most 1 MB.");
    const mine = ++turn.current;
    const text = await chosen.text();
    if (mine !== turn.current) return;
    act({ do: "open", text, arm: String(data(text)?.arms?.[0]?.id ?? "") });
    say(`${chosen.name} opened`);
  }

  /** From a finding to its field: to the arm that it is about, and to the control nearest to its path. */
  function field(path: string) {
    const arm = study?.arms?.[armOf(path)]?.id;
    if (arm && arm !== bench.arm) act({ do: "arm", arm: String(arm) });
    setTimeout(() => focusField(path), 60);
  }

  const errors = findings?.errors ?? 0;
  const problems = findings?.problems ?? NONE;
  return (
    <div className="bench">
      <h1>Bench</h1>
      <div className="bar" role="group" aria-label="Study">
        <Choice label="Library" value="" onChange={(name) => void open(name)}
                options={[{ value: "", label: "Open a study …" }, ...library.map((s) => ({ value: s.name, label: s.title || s.name }))]} />
        <button type="button" onClick={() => file.current?.click()}>Open a file</button>
        <input ref={file} type="file" accept=".yaml,.yml,.json" hidden aria-label="Study file"
               onChange={(e) => { void read(e.target.files?.[0]); e.target.value = ""; }} />
        <button type="button" onClick={() => save(`${study?.name || "study"}.yaml`, bench.text, "application/yaml")}>Save the file</button>
        <button type="button" disabled={!bench.past.length} onClick={() => act({ do: "undo" })}>Undo</button>
        <button type="button" disabled={!bench.future.length} onClick={() => act({ do: "redo" })}>Redo</button>
        <span role="status" className="said">{said}</span>
      </div>
      <Problems list={catalogue.problems} />
      {!catalogue.value || !bench.text ? <Loading what="Opening the bench" /> : (
        <div className="columns">
          <section className="card form" aria-labelledby="form-h">
            <h2 id="form-h">Study</h2>
            {study ? <Form study={study} arm={bench.arm} catalogue={catalogue.value} problems={problems} put={put}
                           text={bench.text} edit={edit} choose={(arm) => act({ do: "arm", arm })} />
              : <p>The text cannot be read as a study; mend it beside this form.</p>}
          </section>
          <div className="middle">
            <Outlook looked={looked} names={bench.scenarios.map((s) => s.name)} asked={asked} scenarios={scenarios} />
            <section className="card" aria-labelledby="kept-h">
              <h2 id="kept-h">Scenarios side by side</h2>
              <p className="hint">Keep what you see, change something, and compare: up to {MOST_SCENARIOS}.</p>
              <button type="button" disabled={bench.scenarios.length >= MOST_SCENARIOS || errors > 0 || !looked.preview}
                      onClick={() => act({ do: "keep", scenario: { name: called(bench.scenarios.map((s) => s.name), looked.preview), text: bench.text, arm: bench.arm } })}>
                Keep this as a scenario
              </button>
              <ul className="kept">{bench.scenarios.map((s, k) => (
                <li key={k}><span>{s.name}</span>
                  <span className="words">{scenarios[k]?.head.words}</span>
                  <button type="button" className="quiet" onClick={() => act({ do: "recall", index: k })} aria-label={`Go back to it: ${s.name}`}>Go back to it</button>
                  <button type="button" className="quiet" onClick={() => save(`${s.arm}.yaml`, s.text, "application/yaml")} aria-label={`Save ${s.name}`}>Save</button>
                  <button type="button" className="quiet" onClick={() => act({ do: "drop", index: k })} aria-label={`Remove ${s.name}`}>Remove</button></li>))}
              </ul>
            </section>
            <Runs text={bench.text} errors={errors} animals={findings?.animals ?? 0} runs={runs.runs} connected={runs.connected}
                  open={(text, arm) => act({ do: "open", text, arm })} />
          </div>
          <section className="card text" aria-labelledby="text-h">
            <h2 id="text-h">The same study as a file</h2>
            <Editor text={bench.text} problems={problems} goTo={goTo} change={(text) => edit(text, "text")} />
            <p className={`verdict ${errors ? "error" : "fine"}`} role="status">
              {findings ? (errors ? `${errors} error${errors > 1 ? "s" : ""}: it cannot be run yet.` : `It can be run: ${findings.arms.length} arms, ${findings.animals} animals.`) : "Checking …"}
            </p>
            <Problems list={problems} onLine={(line) => go({ line })} onField={field} />
          </section>
        </div>)}
    </div>
  );
}

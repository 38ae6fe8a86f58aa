// The study as text. A plain text field is there at once; the comfortable editor takes its place when it has loaded.
import { useEffect, useRef, useState } from "react";
import type { Problem } from "./api";
import type { CodeView } from "./codeview";
import { atLine, told } from "./findings";
import "./editor.css";

const LABEL = "Study file (YAML)";

export function Editor({ text, problems, goTo, change }: {
  text: string; problems: Problem[]; goTo: { line: number } | null; change: (text: string) => void;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<CodeView | null>(null);
  const [ready, set] = useState(false);
  const [line, stand] = useState(0);
  const latest = useRef({ text, change });
  latest.current = { text, change };

  useEffect(() => {
    let live = true;
    void import("./codeview").then(({ openCode }) => {
      if (!live || !host.current) return;
      view.current = openCode(host.current, latest.current.text, LABEL, (next) => latest.current.change(next), stand);
      set(true);
    }, () => undefined); // without it the text field stays
    return () => { live = false; view.current?.close(); view.current = null; set(false); };
  }, []);
  useEffect(() => view.current?.write(text), [text, ready]);
  useEffect(() => view.current?.mark(problems), [problems, ready]);
  useEffect(() => { if (goTo) view.current?.go(goTo.line); }, [goTo]);

  const here = atLine(problems, line);
  return (
    <>
      <div className="editor" data-ready={ready}>
        <div ref={host} className="code" hidden={!ready} />
        {!ready && <textarea aria-label={LABEL} spellCheck={false} autoCapitalize="off" autoComplete="off" wrap="off" value={text} onChange={(e) => change(e.target.value)} />}
      </div>
      <p className="here" role="status">{here.length ? `Line ${line}: ${here.map(told).join("; ")}` : ""}</p>
    </>
  );
}

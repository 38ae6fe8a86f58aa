// The study as text, with line numbers and a mark at each line that has a finding.
import { useEffect, useRef } from "react";
import type { Problem } from "./api";

export function Editor({ text, problems, line, change }: {
  text: string; problems: Problem[]; line: number; change: (text: string) => void;
}) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = text.split("\n").length;
  const marked = new Map<number, string>();
  for (const p of problems) if (p.line && marked.get(p.line) !== "error") marked.set(p.line, p.severity);

  useEffect(() => {
    const element = area.current;
    if (!element || !line) return;
    const before = text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = text.indexOf("\n", before);
    element.focus();
    element.setSelectionRange(before, end < 0 ? text.length : end);
    element.scrollTop = Math.max(0, (line - 6) * lineHeight(element));
  }, [line]);

  return (
    <div className="editor">
      <div ref={gutter} className="gutter" aria-hidden="true">
        {Array.from({ length: lines }, (_, k) => <div key={k} className={marked.get(k + 1) ?? ""}>{k + 1}</div>)}
      </div>
      <textarea ref={area} aria-label="Study file (YAML)" spellCheck={false} autoCapitalize="off" autoComplete="off"
                wrap="off" value={text} onChange={(e) => change(e.target.value)}
                onScroll={(e) => { if (gutter.current) gutter.current.scrollTop = e.currentTarget.scrollTop; }} />
    </div>
  );
}

function lineHeight(element: HTMLElement): number {
  return Number.parseFloat(getComputedStyle(element).lineHeight) || 18;
}

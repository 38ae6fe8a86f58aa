// The study file as CodeMirror shows it: line numbers, colours of YAML, findings at their lines. No React.
//
// It lives in a shadow root: there CodeMirror adopts its styles as a sheet, which the strict content-security policy
// allows; style tags it would not. Undo is the bench's own, for the file and the form are one history.
import { defaultKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, type Text } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Problem } from "./api";
import { change, spotsOf, told } from "./findings";

const fromOutside = Annotation.define<boolean>();

const COLOURS = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--accent)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--note)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--warning)" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace, tags.meta], color: "var(--muted)" },
]);

const LOOKS = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--card)", fontSize: "12.5px" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "-3px" },
  ".cm-scroller": { fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', lineHeight: "18px" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--soft) 60%, transparent)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-panels, .cm-tooltip": { backgroundColor: "var(--card)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-tooltip": { maxWidth: "24rem" },
  ".cm-button, .cm-textfield": { backgroundImage: "none", backgroundColor: "var(--card)", color: "var(--ink)", borderColor: "var(--muted)" },
  ".cm-diagnostic": { whiteSpace: "pre-wrap" },
});

export interface CodeView {
  /** Another text from outside (the form, undo, a file): only what differs is replaced, so cursor and scroll stay. */
  write: (text: string) => void;
  /** Findings at their lines. */
  mark: (problems: Problem[]) => void;
  /** The cursor to a line. */
  go: (line: number) => void;
  close: () => void;
}

export function openCode(host: HTMLElement, text: string, label: string, changed: (text: string) => void, atLine: (line: number) => void): CodeView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const view = new EditorView({
    parent: root, root,
    state: EditorState.create({ doc: text, extensions: [
      lineNumbers(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), indentOnInput(), yaml(),
      syntaxHighlighting(COLOURS), LOOKS, search({ top: true }), highlightSelectionMatches(),
      keymap.of([{ key: "F8", run: nextDiagnostic }, { key: "Shift-F8", run: previousDiagnostic }, ...searchKeymap, ...defaultKeymap]),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
      EditorView.domEventHandlers({ beforeinput: ours }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((t) => t.annotation(fromOutside))) changed(update.state.doc.toString());
        if (update.selectionSet || update.docChanged) atLine(update.state.doc.lineAt(update.state.selection.main.head).number);
      }),
    ] }),
  });
  return {
    write: (next) => {
      const differs = change(view.state.doc.toString(), next);
      if (differs) view.dispatch({ changes: differs, annotations: fromOutside.of(true) });
    },
    mark: (problems) => view.dispatch(setDiagnostics(view.state, problems.flatMap((p) => diagnostics(view.state.doc, p)))),
    go: (line) => {
      const place = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: place.from, head: place.to }, effects: EditorView.scrollIntoView(place.from, { y: "center" }) });
      view.focus();
    },
    close: () => view.destroy(),
  };
}

/** Undo is the bench's own. Over a selection the browser would write styles of its own, which the policy refuses. */
function ours(event: InputEvent, view: EditorView): boolean {
  const typed = event.inputType === "insertText" && !event.isComposing ? event.data : null;
  const over = typed !== null && !view.state.selection.main.empty;
  if (over) view.dispatch(view.state.replaceSelection(typed), { userEvent: "input.type", scrollIntoView: true });
  if (over || event.inputType.startsWith("history")) event.preventDefault();
  return event.defaultPrevented;
}

function diagnostics(doc: Text, problem: Problem): Diagnostic[] {
  const severity = problem.severity === "error" ? "error" : problem.severity === "warning" ? "warning" : "info";
  return spotsOf(problem).flatMap(({ line: number }) => {
    if (!number || number > doc.lines) return [];
    const line = doc.line(number);
    const from = line.from + (line.text.length - line.text.trimStart().length);
    return [{ from: Math.min(from, line.to), to: line.to, severity, message: told(problem) }];
  });
}

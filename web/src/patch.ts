// Changes to a YAML text that touch nothing but the piece they are about: comments, folds and spacing elsewhere stay.
//
// Each change is made twice: on the parsed document, and as a splice of the text at the place that the parser tells.
// The splice counts only if it reads as the same data; else the document is written anew, which keeps comments but may
// fold and space lines its own way.
import { Document, type Node, type Pair, type ParsedNode, type YAMLMap, type YAMLSeq, isCollection, isMap, isPair, isScalar, isSeq, parse, parseDocument } from "yaml";

export type Path = (string | number)[];
type Collection = YAMLMap | YAMLSeq;
const SHOWN = { lineWidth: 0, flowCollectionPadding: false } as const;

/** A scalar as it is written in a file. */
export function written(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const simple = /^[A-Za-z0-9][A-Za-z0-9 _.%+/-]*$/.test(value) && !/ $/.test(value);
  if (simple && parse(value) === value) return value;
  return JSON.stringify(value);
}

/** The text with one value replaced, added, or (undefined) taken out. */
export function setIn(text: string, path: Path, value: unknown): string {
  const doc = parseDocument(text);
  if (doc.errors.length) return text;
  const node = doc.getIn(path, true);
  const plain = ["string", "number", "boolean"].includes(typeof value);
  if (plain && isScalar(node) && node.range && !node.anchor && !text.slice(node.range[0], node.range[1]).includes("\n")) {
    return text.slice(0, node.range[0]) + written(value as string) + text.slice(node.range[1]);
  }
  if (value === undefined && !doc.hasIn(path)) return text;
  const wanted = parseDocument(text);
  if (value === undefined) {
    wanted.deleteIn(path);
    tidy(wanted, path.slice(0, -1));
  } else {
    open(wanted, path.slice(0, -1));
    wanted.setIn(path, plain ? value : flowing(wanted, value));
  }
  return checked(wanted, () => (value === undefined ? without(text, doc, wanted, path) : withValue(text, doc, wanted, path)));
}

/** The text with an item added to the list at a path. */
export function append(text: string, path: Path, value: unknown): string {
  const doc = parseDocument(text);
  if (doc.errors.length) return text;
  const list = doc.getIn(path, true);
  if (!isSeq(list) || !list.items.length) return setIn(text, path, [value]);
  const wanted = parseDocument(text);
  const node = wanted.createNode(value);
  if (isMap(node)) for (const pair of node.items) if (isCollection(pair.value)) pair.value.flow = true;
  wanted.addIn(path, node);
  return checked(wanted, () => {
    if (list.flow) return flowAgain(text, doc, wanted, path);
    const item = new Document([node]).toString(SHOWN).trimEnd();
    const first = list.items[0] as ParsedNode;
    const margin = lead(text, first.range[0]).replace(/-\s*$/, "");
    const end = lineEnd(text, endOf(text, list.items.at(-1) as ParsedNode));
    return `${text.slice(0, end)}\n${item.replace(/^/gm, margin)}${text.slice(end) || "\n"}`;
  });
}

/** The splice, if it says what the document says; else the document written anew. */
function checked(wanted: Document, splice: () => string | null): string {
  try {
    const found = splice();
    if (found !== null && JSON.stringify(parse(found)) === JSON.stringify(wanted.toJS())) return found;
  } catch { /* a place that the parser did not tell: written anew below */ }
  return wanted.toString(SHOWN);
}

/** How much of a path is there, as collections. */
function there(doc: Document, path: Path): Path {
  for (let k = path.length - 1; k > 0; k--) if (isCollection(doc.getIn(path.slice(0, k), true))) return path.slice(0, k);
  return [];
}

function at(doc: Document, path: Path): Node | null {
  return (path.length ? doc.getIn(path, true) : doc.contents) as Node | null;
}

function withValue(text: string, doc: Document, wanted: Document, path: Path): string | null {
  const node = doc.getIn(path, true);
  if (isScalar(node) || isCollection(node)) return replaced(text, node, wanted.getIn(path, true) as Node);
  const parent = there(doc, path);
  const holder = at(doc, parent) as Collection;
  const key = path[parent.length]!;
  const old = doc.getIn([...parent, key], true);
  if (isScalar(old) && old.value !== null) return replaced(text, old, wanted.getIn([...parent, key], true) as Node); // a shorthand that became a map
  if (holder.flow) return flowAgain(text, doc, wanted, parent);
  if (!isMap(holder) || !holder.items.length || old !== undefined) return null;
  const first = (holder.items[0] as Pair<ParsedNode, ParsedNode | null>).key;
  const last = holder.items.at(-1) as Pair<ParsedNode, ParsedNode | null>;
  const end = lineEnd(text, endOf(text, last.value ?? last.key));
  const margin = " ".repeat(first.range[0] - lineStart(text, first.range[0]));
  return `${text.slice(0, end)}\n${margin}${written(String(key))}: ${shown(wanted.getIn([...parent, key], true) as Node)}${text.slice(end) || "\n"}`;
}

function without(text: string, doc: Document, wanted: Document, path: Path): string | null {
  let gone = path;
  while (gone.length > 1 && !wanted.hasIn(gone.slice(0, -1))) gone = gone.slice(0, -1); // an emptied parent goes too
  const parent = gone.slice(0, -1);
  const holder = at(doc, parent) as Collection;
  if (holder.flow) return flowAgain(text, doc, wanted, parent);
  const key = gone.at(-1)!;
  const item = isMap(holder) ? holder.items.find((p) => isScalar(p.key) && p.key.value === key) : holder.items[Number(key)];
  const [from, to] = isPair(item) ? [item.key as ParsedNode, (item.value ?? item.key) as ParsedNode] : [item as ParsedNode, item as ParsedNode];
  const before = lead(text, from.range[0]);
  if (!(isMap(holder) ? /^\s*$/ : /^\s*-\s+$/).test(before)) return null;
  const end = lineEnd(text, endOf(text, to));
  return text.slice(0, lineStart(text, from.range[0])) + text.slice(Math.min(text.length, end + 1));
}

/** A flow collection written anew in its place. */
function flowAgain(text: string, doc: Document, wanted: Document, path: Path): string | null {
  const node = wanted.getIn(path, true);
  return isCollection(node) ? replaced(text, at(doc, path)!, node) : null;
}

function replaced(text: string, old: Node, node: Node): string | null {
  if (!old.range || (isCollection(old) && !old.flow)) return null;
  return text.slice(0, old.range[0]) + shown(node) + text.slice(old.range[1]);
}

function shown(node: Node): string {
  const alone = new Document();
  alone.contents = node as never;
  return alone.toString(SHOWN).trimEnd();
}

const lineStart = (text: string, place: number): number => text.lastIndexOf("\n", place - 1) + 1;
const lead = (text: string, place: number): string => text.slice(lineStart(text, place), place);
const endOf = (text: string, node: ParsedNode): number => text.slice(0, node.range[1]).trimEnd().length;
function lineEnd(text: string, place: number): number {
  const end = text.indexOf("\n", place);
  return end < 0 ? text.length : end;
}

/** Empty maps that a removal leaves behind go too. */
function tidy(doc: Document, path: Path): void {
  if (!path.length) return;
  const node = doc.getIn(path, true);
  if (isMap(node) && node.items.length === 0) doc.deleteIn(path);
}

/** Shorthands such as `injury: CCI`, and missing parents, become maps before something is put into them. */
function open(doc: Document, path: Path): void {
  for (let k = 1; k <= path.length; k++) {
    const here = path.slice(0, k);
    const node = doc.getIn(here, true);
    if (isScalar(node) && node.value !== null) doc.setIn(here, flowing(doc, { model: node.value }));
    else if (!isCollection(node)) doc.setIn(here, flowing(doc, {}));
  }
}

function flowing(doc: Document, value: unknown) {
  const node = doc.createNode(value);
  if (isCollection(node)) node.flow = true;
  return node;
}

import { EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException, type Event } from 'js-yaml';
import type { Field, ScalarNode, Span, YamlNode } from './node.ts';
import { resolvePlain } from './scalar.ts';

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;
type CollectionEvent = Extract<Event, { type: typeof EVENT_ID.SEQUENCE | typeof EVENT_ID.MAPPING }>;
type AliasEvent = Extract<Event, { type: typeof EVENT_ID.ALIAS }>;

export const yamlLimits = Object.freeze({
  /** UTF-16 code units of one file. */
  maxLength: 16 * 1024 * 1024,
  maxDocuments: 20_000,
  maxDepth: 64,
  /** Separators of one document: the parser keeps at most two events for each until it has read them all. */
  maxSeparators: 3_000_000,
  /** Nodes of one document. An alias counts as all the nodes that it repeats. */
  maxNodes: 1_000_000,
  /** The same of one file: small documents can stand for much, too. */
  maxFileNodes: 8_000_000,
});

export interface YamlProblem extends Span {
  readonly text: string;
}

/** One document of a file. Its spans count from the start of `text`. */
export interface YamlDocument {
  readonly text: string;
  /** Lines of the file before this text. */
  readonly linesBefore: number;
  /** Undefined where there is nothing but comments, or nothing that can be read. */
  readonly root?: YamlNode;
  readonly problems: readonly YamlProblem[];
}

/**
 * Reads the documents of a file, each for itself, so that one that is broken
 * hides no other. They are parted as kubectl parts them: by lines that start
 * with `---`, which YAML does not allow inside a document (YAML 1.2.2, 9.1.2).
 * The caller has checked the length.
 */
export function* readYaml(text: string): Generator<YamlDocument> {
  let linesBefore = 0;
  let count = 0;
  let nodes = 0;
  for (const part of parts(text)) {
    if (++count > yamlLimits.maxDocuments) {
      const problem = { start: 0, end: 3, text: `more than ${yamlLimits.maxDocuments} documents in one file` };
      yield { text: part, linesBefore, problems: [problem] };
      return;
    }
    for (const { document, size } of documentsOf(part, linesBefore)) {
      nodes += size;
      yield nodes > yamlLimits.maxFileNodes ? tooMuch(part, linesBefore) : document;
    }
    if (nodes > yamlLimits.maxFileNodes) return;
    linesBefore += lineBreaks(part);
  }
}

function tooMuch(text: string, linesBefore: number): YamlDocument {
  const words = `more than ${yamlLimits.maxFileNodes} values in one file, with aliases written out`;
  return { text, linesBefore, problems: [{ start: 0, end: 1, text: words }] };
}

function* parts(text: string): Generator<string> {
  const separator = /^---(?=\s|$)/gm;
  let start = 0;
  for (const { index } of text.matchAll(separator)) {
    // Only comments before the first marker belong to it.
    if (index > start) yield text.slice(start, index);
    start = index;
  }
  if (start < text.length) yield text.slice(start);
}

function lineBreaks(text: string): number {
  let count = 0;
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) count += 1;
  return count;
}

/** A document, and its number of values with aliases expanded. */
interface SizedDocument {
  readonly document: YamlDocument;
  readonly size: number;
}

/** `,`, `:`, `[`, `{` and line breaks, in text and comments too: a value has one of them before or after it. */
function hasTooManySeparators(text: string): boolean {
  if (text.length <= yamlLimits.maxSeparators) return false;
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x2c || code === 0x3a || code === 0x5b || code === 0x7b || code === 0x0a || code === 0x0d) count += 1;
  }
  return count > yamlLimits.maxSeparators;
}

function* documentsOf(text: string, linesBefore: number): Generator<SizedDocument> {
  if (hasTooManySeparators(text)) {
    const words = `more than ${yamlLimits.maxSeparators} commas, colons, brackets and lines in one document: split it`;
    yield { document: { text, linesBefore, problems: [{ start: 0, end: 1, text: words }] }, size: 0 };
    return;
  }
  let events: readonly Event[];
  try {
    events = parseEvents(text, { maxDepth: yamlLimits.maxDepth });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const start = Math.min(error.mark?.position ?? 0, text.length);
    yield { document: { text, linesBefore, problems: [{ start, end: start + 1, text: error.reason }] }, size: 0 };
    return;
  }
  let first = 0;
  let depth = 0;
  for (const [index, { type }] of events.entries()) {
    depth += type === EVENT_ID.POP ? -1 : type === EVENT_ID.SCALAR || type === EVENT_ID.ALIAS ? 0 : 1;
    if (depth > 0) continue;
    const builder = new TreeBuilder(text);
    const root = builder.build(events.slice(first + 1, index));
    const document = { text, linesBefore, problems: builder.problems, ...(root === undefined ? {} : { root }) };
    yield { document, size: builder.size };
    first = index + 1;
  }
}

/** A map or a list that is not complete. */
interface Open {
  readonly node: YamlNode;
  readonly anchor: string | undefined;
  /** For a map: what it holds so far, and the key whose value comes next. */
  readonly fields?: Map<string, Field>;
  key?: { readonly name: string; readonly span: Span; readonly isMerge: boolean };
  readonly merges: YamlNode[];
  readonly items?: YamlNode[];
  size: number;
}

const tags: ReadonlySet<string> = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq']);

/** Makes the tree of one document. Aliases share their nodes, and are counted as if they did not. */
class TreeBuilder {
  readonly problems: YamlProblem[] = [];
  readonly #text: string;
  readonly #open: Open[] = [];
  readonly #anchors = new Map<string, { readonly node: YamlNode; readonly size: number }>();
  #root: YamlNode | undefined;
  /** Values of the document, with aliases expanded. */
  size = 0;
  #failed = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Undefined for an empty document, and for one that cannot be used: then there are problems. */
  build(events: readonly Event[]): YamlNode | undefined {
    for (const event of events) {
      this.#take(event);
      if (this.#failed) return undefined;
    }
    return this.#root;
  }

  #take(event: Event): void {
    switch (event.type) {
      case EVENT_ID.SCALAR:
        return this.#scalar(event);
      case EVENT_ID.ALIAS:
        return this.#alias(event);
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING:
        return this.#start(event);
      case EVENT_ID.POP:
        return this.#finish();
      default:
        return this.#fail({ start: 0, end: 1 }, 'a document inside a document');
    }
  }

  #fail({ start, end }: Span, text: string): void {
    this.problems.push({ start, end, text });
    this.#failed = true;
  }

  #scalar(event: ScalarEvent): void {
    const tag = this.#tagOf(event);
    const source = event.valueStart < 0 ? '' : getScalarValue(this.#text, event);
    const plain = event.style === SCALAR_STYLE.PLAIN && tag !== 'str';
    // An empty value has no place: it is where the last thing before it ended.
    const start = event.valueStart < 0 ? this.#lastEnd() : event.valueStart;
    const end = Math.max(start, event.valueEnd);
    const resolved = plain ? resolvePlain(source) : source;
    const isJson = typeof resolved !== 'number' || Number.isFinite(resolved);
    if (!isJson) this.problems.push({ start, end, text: `${source} is not a number of JSON; put text in quotes` });
    const node: ScalarNode = { kind: 'scalar', value: isJson ? resolved : source, start, end };
    this.#add(node, 1, this.#anchorOf(event));
  }

  #lastEnd(): number {
    const open = this.#open.at(-1);
    return open?.key?.span.start ?? open?.node.start ?? 0;
  }

  #start(event: CollectionEvent): void {
    this.#tagOf(event);
    const span = { start: event.start, end: event.start + 1 };
    const common = { anchor: this.#anchorOf(event), merges: [], size: 1 };
    if (event.type === EVENT_ID.MAPPING) {
      const fields = new Map<string, Field>();
      this.#open.push({ node: { kind: 'map', fields, ...span }, fields, ...common });
    } else {
      const items: YamlNode[] = [];
      this.#open.push({ node: { kind: 'list', items, ...span }, items, ...common });
    }
  }

  #finish(): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    if (open.fields !== undefined) this.#merge(open.merges, open.fields);
    this.#add(open.node, open.size, open.anchor);
  }

  /** Merged fields never replace those of the map itself, nor a later one an earlier (yaml.org/type/merge). */
  #merge(merges: readonly YamlNode[], fields: Map<string, Field>): void {
    for (const source of merges.flatMap((node) => (node.kind === 'list' ? node.items : [node]))) {
      if (source.kind !== 'map') return this.#fail(source, 'a merge key takes a map, or a list of maps');
      for (const [name, field] of source.fields) if (!fields.has(name)) fields.set(name, field);
    }
  }

  #alias(event: AliasEvent): void {
    const span = { start: event.anchorStart - 1, end: event.anchorEnd };
    const target = this.#anchors.get(this.#text.slice(event.anchorStart, event.anchorEnd));
    if (target === undefined) return this.#fail(span, 'this alias has no anchor before it');
    this.#add(target.node, target.size, undefined);
  }

  #add(node: YamlNode, size: number, anchor: string | undefined): void {
    if (anchor !== undefined) this.#anchors.set(anchor, { node, size });
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      this.#root = node;
      this.size = size;
      return;
    }
    parent.size += size;
    if (parent.size > yamlLimits.maxNodes) {
      return this.#fail(node, `more than ${yamlLimits.maxNodes} values, with aliases written out`);
    }
    if (parent.items !== undefined) parent.items.push(node);
    else if (parent.key === undefined) this.#key(parent, node);
    else this.#value(parent, parent.key, node);
  }

  #key(parent: Open, node: YamlNode): void {
    if (node.kind !== 'scalar') return this.#fail(node, 'the key of a field is a word, not a map or a list');
    const source = this.#text.slice(node.start, node.end);
    // Kubernetes makes text of every other key: `on: 1` is a field named "true".
    parent.key = { name: String(node.value), span: node, isMerge: source === '<<' };
  }

  #value(parent: Open, key: NonNullable<Open['key']>, node: YamlNode): void {
    delete parent.key;
    if (key.isMerge) parent.merges.push(node);
    else if (parent.fields?.has(key.name) === true) {
      this.problems.push({ ...spanOf(key.span), text: `the field "${key.name}" is repeated` });
    } else parent.fields?.set(key.name, { key: key.span, value: node });
  }

  #anchorOf({ anchorStart, anchorEnd }: ScalarEvent | CollectionEvent): string | undefined {
    return anchorStart < 0 ? undefined : this.#text.slice(anchorStart, anchorEnd);
  }

  /** The tags of YAML's core; another one means something to one program only. */
  #tagOf({ tagStart, tagEnd }: ScalarEvent | CollectionEvent): string | undefined {
    if (tagStart < 0) return undefined;
    const source = this.#text.slice(tagStart, tagEnd);
    const name = source.replace(/^!!|^!<tag:yaml\.org,2002:(?=\w+>$)/, '').replace(/>$/, '');
    if (!tags.has(name)) this.#fail({ start: tagStart, end: tagEnd }, `the tag ${source} is not one of Kubernetes`);
    return name;
  }
}

function spanOf({ start, end }: Span): Span {
  return { start, end };
}

import type { Fix, Report } from '../report.ts';
import {
  at,
  isAbsent,
  isMap,
  isTrue,
  keyOf,
  numberOf,
  textOf,
  type Field,
  type MapNode,
  type Span,
  type YamlNode,
} from '../yaml/node.ts';

/** Where an object is, for the words of a finding. */
export interface ObjectPlace {
  readonly path: string;
  /** The span of the key that holds it. */
  readonly span: Span;
  /** The object around it. */
  readonly parent?: View;
}

/** A text of a list, or the value of a map. */
export interface TextItem {
  readonly text: string;
  readonly span: Span;
}

/** A list is a list of structures to the API server: null in it is one without fields. */
export function emptyMap({ start, end }: Span): MapNode {
  return { kind: 'map', fields: new Map(), start, end };
}

/** An object as the API server sees it once it is decoded: null is absent, and absent text is empty. */
export class View {
  readonly node: MapNode;
  /** Its type in the table of fields; empty for one that only the rules of its owner look at. */
  readonly typeName: string;
  readonly path: string;
  readonly span: Span;
  readonly parent: View | undefined;
  readonly report: Report;

  constructor(node: MapNode, typeName: string, place: ObjectPlace, report: Report) {
    this.node = node;
    this.typeName = typeName;
    this.path = place.path;
    this.span = place.span;
    this.parent = place.parent;
    this.report = report;
  }

  raw(...path: readonly string[]): YamlNode | undefined {
    const node = at(this.node, ...path);
    return isAbsent(node) ? undefined : node;
  }

  has(...path: readonly string[]): boolean {
    return this.raw(...path) !== undefined;
  }

  text(...path: readonly string[]): string {
    return textOf(this.raw(...path)) ?? '';
  }

  /** The text of a field, or what the API server puts there where it is absent or empty. */
  textOr(name: string, usual: string): string {
    const text = this.text(name);
    return text === '' ? usual : text;
  }

  number(...path: readonly string[]): number | undefined {
    return numberOf(this.raw(...path));
  }

  isTrue(...path: readonly string[]): boolean {
    return isTrue(this.raw(...path));
  }

  isFalse(...path: readonly string[]): boolean {
    const node = this.raw(...path);
    return node?.kind === 'scalar' && node.value === false;
  }

  /** The object in a field; undefined where it is absent or something else. */
  child(name: string): View | undefined {
    const node = this.raw(name);
    return isMap(node) ? this.#inner(node, this.pathOf(name), this.spanOf(name)) : undefined;
  }

  /** The objects of a list. */
  each(name: string): readonly View[] {
    const node = this.raw(name);
    if (node?.kind !== 'list') return [];
    return node.items.flatMap((item, index) => {
      const map = isMap(item) ? item : isAbsent(item) ? emptyMap(item) : undefined;
      return map === undefined ? [] : [this.#inner(map, `${this.pathOf(name)}[${index}]`, item)];
    });
  }

  /** The texts of a list. */
  texts(name: string): readonly TextItem[] {
    const node = this.raw(name);
    if (node?.kind !== 'list') return [];
    return node.items.map((item) => ({ text: textOf(item) ?? '', span: item }));
  }

  /** The entries of a map. */
  entries(...path: readonly string[]): readonly (readonly [key: string, field: Field])[] {
    const node = this.raw(...path);
    return isMap(node) ? [...node.fields] : [];
  }

  /** How many items or entries a field has. */
  size(...path: readonly string[]): number {
    const node = this.raw(...path);
    return node?.kind === 'list' ? node.items.length : isMap(node) ? node.fields.size : 0;
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /** Where a field is, or the object that should have it. */
  spanOf(name: string): Span {
    return this.node.fields.has(name) ? keyOf(this.node, name) : this.span;
  }

  /** Where the value of a field is, or the field. */
  valueSpan(name: string): Span {
    const node = this.raw(name);
    return node?.kind === 'scalar' && node.end > node.start ? node : this.spanOf(name);
  }

  missing(name: string, fix?: Fix): void {
    this.report('K8S_FIELD_MISSING', this.spanOf(name), `"${this.pathOf(name)}" is missing`, fix ?? `Add "${name}".`);
  }

  invalid(name: string, wanted: string): void {
    const node = this.raw(name);
    const found = node?.kind === 'scalar' ? JSON.stringify(node.value).slice(0, 80) : undefined;
    const text = found === undefined ? `${this.pathOf(name)} is not right` : `${this.pathOf(name)} is ${found}`;
    this.report('K8S_VALUE_INVALID', this.valueSpan(name), text, `It must be ${wanted}.`);
  }

  /** One text of a list. */
  invalidItem(name: string, { text, span }: TextItem, fix: string): void {
    const words = `${this.pathOf(name)} has ${JSON.stringify(text.slice(0, 80))}`;
    this.report('K8S_VALUE_INVALID', span, words, fix);
  }

  /** `words` go on from the path of the field. */
  conflict(name: string, words: string, fix?: Fix): void {
    this.report('K8S_FIELDS_CONFLICT', this.spanOf(name), `${this.pathOf(name)} ${words}`, fix);
  }

  repeated(span: Span, words: string, fix?: Fix): void {
    this.report('K8S_NAME_REPEATED', span, words, fix);
  }

  #inner(node: MapNode, path: string, span: Span): View {
    return new View(node, '', { path, span, parent: this }, this.report);
  }
}

import { yamlOf } from '@enclos/kubernetes-schema/yaml';
import type { Condition } from './conditions.ts';
import type { ObjectTemplate, Part } from './merge.ts';
import type { Settings } from './settings.ts';
import type { StandIns } from './stand-ins.ts';

/** Writes merged objects as templates of Helm: insertions, conditions and one loop a list. */
export class TemplateWriter {
  readonly #settings: Settings;
  readonly #standIns: StandIns;

  constructor(settings: Settings, standIns: StandIns) {
    this.#settings = settings;
    this.#standIns = standIns;
  }

  /** A whole file. */
  write(parts: readonly Part[]): string {
    const lines = blocksOf(
      parts.map(({ condition, value }) => ({ condition, lines: this.#lines(value, '') })),
      '',
    );
    return `${lines.join('\n')}\n`;
  }

  #lines(merged: ObjectTemplate, indent: string): readonly string[] {
    if (merged.kind === 'constant') return this.#constant(merged.value, indent);
    if (merged.kind === 'map') {
      const entries = merged.entries.map(({ condition, key, value }) => ({
        condition,
        lines: this.#entry(key, value, indent),
      }));
      return blocksOf(entries, indent);
    }
    return blocksOf(
      merged.items.map(({ condition, value }) => this.#item(condition, value, indent)),
      indent,
    );
  }

  #entry(key: string, value: ObjectTemplate, indent: string): readonly string[] {
    const name = this.#scalar(key);
    const scalar = this.#asScalar(value);
    if (scalar !== undefined) return [`${indent}${name}: ${scalar}`];
    return [`${indent}${name}:`, ...this.#lines(value, `${indent}  `)];
  }

  #item(condition: Condition | undefined, value: ObjectTemplate, indent: string): Block {
    const lists = value.kind === 'constant' ? this.#standIns.listsIn(value.value) : [];
    const isInner = value.kind === 'constant' && typeof value.value === 'object' && this.#hasInnerLoop(value.value);
    const lines = this.#itemLines(value, indent);
    const [list] = lists;
    if (list === undefined || isInner) return { condition, lines };
    if (lists.length > 1) throw new TypeError(`One item is made from several lists: ${lists.join(', ')}.`);
    const loop = [`${indent}{{- range .Values.${list} }}`, ...lines, `${indent}{{- end }}`];
    // The loop has no turn where the list is empty, which is the usual condition.
    const isUsual = condition !== undefined && 'name' in condition && condition.name === list;
    return { condition: isUsual ? undefined : condition, lines: loop };
  }

  #itemLines(value: ObjectTemplate, indent: string): readonly string[] {
    const scalar = this.#asScalar(value);
    if (scalar !== undefined) return [`${indent}- ${scalar}`];
    const [first = '', ...others] = this.#lines(value, `${indent}  `);
    // An item that begins with a condition has its dash on a separate line.
    if (first.trimStart().startsWith('{{')) return [`${indent}-`, first, ...others];
    return [`${indent}- ${first.trimStart()}`, ...others];
  }

  /** Some list inside has an item of a setting's list: the loop is there, not here. */
  #hasInnerLoop(value: unknown): boolean {
    if (Array.isArray(value)) return value.some((item) => this.#standIns.listsIn(item).length > 0);
    return typeof value === 'object' && value !== null && Object.values(value).some((part) => this.#hasInnerLoop(part));
  }

  /** On one line; undefined for what takes several lines. */
  #asScalar(merged: ObjectTemplate): string | undefined {
    if (merged.kind !== 'constant') return undefined;
    const { value } = merged;
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) return undefined;
    if (typeof value === 'string' && value.includes('\n')) return undefined;
    return this.#scalar(value);
  }

  #constant(value: unknown, indent: string): readonly string[] {
    if (Array.isArray(value)) {
      return value.flatMap((item) => this.#item(undefined, { kind: 'constant', value: item }, indent).lines);
    }
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value).flatMap(([key, part]) => {
        if (typeof part === 'string' && part.includes('\n')) return this.#block(key, part, indent);
        return this.#entry(key, { kind: 'constant', value: part }, indent);
      });
    }
    throw new TypeError('Text of several lines is a value of a map.');
  }

  /** Text of several lines, which holds no value. */
  #block(key: string, text: string, indent: string): readonly string[] {
    const [head = '', ...lines] = yamlOf({ [key]: text })
      .trimEnd()
      .split('\n');
    return [`${indent}${head}`, ...lines.map((line) => (line === '' ? '' : `${indent}${escaped(line)}`))];
  }

  #scalar(value: unknown): string {
    if (typeof value === 'number') {
      const name = this.#standIns.ofNumber(value);
      return name === undefined ? String(value) : `{{ ${this.#expression(name)} }}`;
    }
    if (typeof value !== 'string') return JSON.stringify(value);
    const encoded = this.#standIns.ofBase64(value);
    if (encoded !== undefined) return `{{ ${this.#expression(encoded)} | b64enc | quote }}`;
    const [before = '', name, after, ...more] = this.#standIns.split(value);
    if (name === undefined) return escaped(yamlOf([before]).slice(2).trimEnd());
    if (before === '' && after === '' && more.length === 0) return `{{ ${this.#expression(name)} | quote }}`;
    return `"${this.#insertions(value)}"`;
  }

  #insertions(text: string): string {
    return this.#standIns
      .split(text)
      .map((part, index) =>
        index % 2 === 0 ? escaped(JSON.stringify(part).slice(1, -1)) : `{{ ${this.#expression(part)} }}`,
      )
      .join('');
  }

  #expression(name: string): string {
    const setting = Object.hasOwn(this.#settings, name) ? this.#settings[name] : undefined;
    if (setting?.kind === 'list') return '.';
    if (setting?.kind === 'text' && setting.whenEmpty !== undefined) {
      return `$.Values.${name} | default $${setting.whenEmpty}`;
    }
    return `$.Values.${name}`;
  }
}

/** Lines that are there under a condition. */
interface Block {
  readonly condition: Condition | undefined;
  readonly lines: readonly string[];
}

/** Neighbours with one condition share it. */
function blocksOf(blocks: readonly Block[], indent: string): readonly string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const block of [...blocks, { condition: undefined, lines: [] }]) {
    const text = block.condition === undefined ? undefined : conditionText(block.condition);
    if (text !== open) {
      if (open !== undefined) lines.push(`${indent}{{- end }}`);
      if (text !== undefined) lines.push(`${indent}{{- if ${text} }}`);
      open = text;
    }
    lines.push(...block.lines);
  }
  return lines;
}

/** Braces that other programs read, such as Grafana and Prometheus, come out of a template as they are. */
function escaped(text: string): string {
  return text.replaceAll(/\{\{|\}\}/g, (braces) => `{{ "${braces}" }}`);
}

function conditionText(condition: Condition): string {
  if ('name' in condition) return condition.isSet ? `.Values.${condition.name}` : `not .Values.${condition.name}`;
  const parts = condition.parts.map(conditionText);
  return [condition.join, ...parts.map((text) => (text.includes(' ') ? `(${text})` : text))].join(' ');
}

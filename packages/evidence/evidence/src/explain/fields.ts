import type { ExplainedField } from '@enclos/attestation/explain';
import type { ExplainNode } from './nodes.ts';

/** What people are told about a field beyond its name in the specification. */
export interface FieldWords {
  readonly label?: string;
  /** What the value shows as. */
  readonly value?: (field: ExplainedField) => string;
  readonly note?: string | ((field: ExplainedField) => string | undefined);
  readonly children?: (field: ExplainedField) => readonly ExplainNode[];
}

/** By the name of the field. */
export type WordTable = Readonly<Record<string, FieldWords>>;

const noWords: WordTable = {};

/**
 * The fields of evidence as nodes. Where each field lies and what is cut off is known once, in
 * `@enclos/attestation/explain`; `words` adds what it means. Reserved bytes are shown only when they are not zero, which
 * they should be.
 */
export function nodesOf(fields: readonly ExplainedField[], words: WordTable = noWords): readonly ExplainNode[] {
  return fields.flatMap((field) => nodeOf(field, words));
}

function nodeOf(field: ExplainedField, table: WordTable): readonly ExplainNode[] {
  const { name, offset, sizeBytes, value, meaning, problem, fields } = field;
  if (name === 'reserved' && meaning === 'zero') return [];
  const words = Object.hasOwn(table, name) ? table[name] : undefined;
  const isGroup = fields !== undefined || (value === '' && problem !== undefined);
  const note = problem === undefined ? noteOf(field, words) : `${problem}: cut off, or malformed`;
  const children = fields === undefined ? childrenOf(field, words) : nodesOf(fields, table);
  return [
    {
      label: words?.label ?? name,
      ...(isGroup ? {} : { value: words?.value?.(field) ?? value }),
      ...(isGroup || sizeBytes === 0 ? {} : { offset, sizeBytes }),
      ...(note === undefined ? {} : { note }),
      ...(problem === undefined ? {} : { problem: true }),
      ...(children === undefined ? {} : { children }),
    },
  ];
}

function noteOf(field: ExplainedField, words: FieldWords | undefined): string | undefined {
  if (field.name === 'reserved') return 'should be zero';
  const { note, value } = words ?? {};
  // A value that is shown in another way has its meaning in it.
  if (note === undefined) return value === undefined ? field.meaning : undefined;
  return typeof note === 'function' ? note(field) : note;
}

function childrenOf(field: ExplainedField, words: FieldWords | undefined): readonly ExplainNode[] | undefined {
  return field.problem === undefined ? words?.children?.(field) : undefined;
}

export function isZero({ value }: ExplainedField): boolean {
  return /^0*$/.test(value);
}

/** `0x5: INIT, MODE64BIT`, of a number whose bits have names. */
export function flags({ value, meaning = 'none set' }: ExplainedField): string {
  return `0x${BigInt(value).toString(16)}: ${meaning}`;
}

/** The byte at `index` of a field of bytes. */
export function byteAt({ value }: ExplainedField, index: number): number {
  return Number.parseInt(value.slice(2 * index, 2 * index + 2), 16);
}

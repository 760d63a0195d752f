import type { ErrorCode } from '@enclos/errors';
import type { z } from 'zod';

import { diagnosticAt, didYouMean, type Diagnostic } from '@enclos/diagnostics';
import type { JsonPath, JsonSource } from './json-source.ts';

type Issue = z.core.$ZodIssue;

/** Steps through optional wrappers, object shapes and array elements to the keys known at `path`. */
function keysAt(whole: z.ZodType, path: JsonPath): readonly string[] {
  let schema: unknown = whole;
  for (const step of path) {
    schema = unwrap(schema);
    if (typeof step === 'number') schema = property(schema, 'element');
    else schema = property(property(schema, 'shape'), String(step));
  }
  const shape = property(unwrap(schema), 'shape');
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function unwrap(schema: unknown): unknown {
  const method = property(schema, 'unwrap');
  const isWrapper = property(property(schema, 'def'), 'type') === 'optional';
  return isWrapper && typeof method === 'function' ? unwrap(Reflect.apply(method, schema, [])) : schema;
}

/** `mounts[0].target`. */
function dotted(path: JsonPath): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${String(step)}`;
  return text;
}

function message(issue: Issue): string {
  const text = issue.message.replace(/^Invalid (?:input|option|string|number): /, '');
  return issue.path.length === 0 ? text : `${dotted(issue.path)}: ${text}`;
}

function unknownKeys(issue: Extract<Issue, { code: 'unrecognized_keys' }>, file: SchemaFile): Diagnostic[] {
  const { code, schema } = file;
  const known = keysAt(schema, issue.path).filter((key) => key !== '$schema');
  return issue.keys.map((key) => {
    const place = file.source.locateKey([...issue.path, key]);
    const meant = didYouMean(key, known);
    const where = issue.path.length === 0 ? '' : ` in ${dotted(issue.path)}`;
    return diagnosticAt(file, place, {
      code,
      text: `unknown key "${key}"${where}`,
      notes: meant === undefined && known.length > 0 ? [`known keys: ${known.join(', ')}`] : [],
      suggestion: meant === undefined ? undefined : `"${meant}" — did you mean that?`,
    });
  });
}

function valueAt(path: JsonPath, source: JsonSource): unknown {
  return path.reduce<unknown>((value, step) => property(value, String(step)), source.value);
}

/** A missing key has no position: point at the key that holds the object, or at its brace. */
function spanOf(issue: Issue, source: JsonSource): { start: number; end: number } {
  const exists = valueAt(issue.path, source) !== undefined;
  const span = exists ? source.locate(issue.path) : source.locate(issue.path.slice(0, -1));
  return exists ? span : { start: span.start, end: span.start + 1 };
}

/** One of the listed words, where another was written. */
function meantValue(issue: Issue, source: JsonSource): string | undefined {
  if (issue.code !== 'invalid_value') return undefined;
  const written = valueAt(issue.path, source);
  const words = issue.values.filter((value) => typeof value === 'string');
  const meant = typeof written === 'string' ? didYouMean(written, words) : undefined;
  return meant === undefined ? undefined : `"${meant}" — did you mean that?`;
}

export interface SchemaFile {
  readonly file: string;
  readonly text: string;
  readonly source: JsonSource;
  /** What the file was checked against: for the names that might have been meant. */
  readonly schema: z.ZodType;
  readonly code: ErrorCode;
}

/** Zod's issues as diagnostics at the places of the file. */
export function schemaDiagnostics(issues: readonly Issue[], file: SchemaFile): Diagnostic[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, file);
    const suggestion = meantValue(issue, file.source);
    return [diagnosticAt(file, spanOf(issue, file.source), { code: file.code, text: message(issue), suggestion })];
  });
}

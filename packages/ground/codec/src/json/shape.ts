import { EnclosError } from '@enclos/errors';
import { JsonRecord } from './record.ts';
import type { JsonRule } from './rules.ts';
import type { JsonValue } from './value.ts';

/** The members of an object, each with its rule. */
export type JsonShape = Readonly<Record<string, JsonRule<unknown>>>;

/** What the members of an object mean by the rules of its shape. */
export type JsonMembers<Shape extends JsonShape> = {
  readonly [Name in keyof Shape]: Shape[Name] extends JsonRule<infer T> ? T : never;
};

/**
 * Reads an object that has exactly the members of a shape: each is required, and another one is refused.
 *
 * @example
 * const { svn } = readShape(parseJson('{"svn":7}', 1024), 'tcb', { svn: integer(0, 255) });
 *
 * @throws CODEC_TRUNCATED for a missing member; CODEC_INVALID for a wrong or an unknown one, with its path.
 */
export function readShape<Shape extends JsonShape>(
  value: JsonValue | undefined,
  path: string,
  shape: Shape,
): JsonMembers<Shape> {
  const record = new JsonRecord(value, path);
  const unknown = Object.keys(value ?? {}).find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined) {
    throw new EnclosError('CODEC_INVALID', `${record.pathOf(unknown.slice(0, 64))} is not known.`);
  }
  const members = Object.entries(shape).map(([name, rule]) => [name, record.required(name, rule)]);
  return Object.freeze(Object.fromEntries(members)) as JsonMembers<Shape>;
}

import type { Budget } from '../budget.ts';
import { isArray, isNumber, isObject, type JsonObject, type JsonValue } from '../json/value.ts';
import type { Work } from '../work.ts';
import { JmesPathError } from './error.ts';
import type { ParameterType } from './signatures.ts';

/** The specification's name for the type of a value. */
export function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (isNumber(value)) return 'number';
  if (isArray(value)) return 'array';
  return typeof value;
}

/** @throws JmesPathError */
export function* checkType(value: JsonValue, type: ParameterType, name: string, budget: Budget): Work<void> {
  for (const wanted of alternativesOf(type)) {
    if (yield* fits(value, wanted, budget)) return;
  }
  throw new JmesPathError('invalid-type', `${name} takes ${type.replaceAll('-', ' ')}, and is given ${typeOf(value)}.`);
}

const alternatives = new Map<ParameterType, readonly string[]>();

/** The types that `-or-` separates. Cached, because the table has few types. */
function alternativesOf(type: ParameterType): readonly string[] {
  const known = alternatives.get(type) ?? type.split('-or-');
  alternatives.set(type, known);
  return known;
}

function* fits(value: JsonValue, wanted: string, budget: Budget): Work<boolean> {
  if (wanted === 'any' || wanted === 'expression') return true;
  if (wanted !== 'array-number' && wanted !== 'array-string') return typeOf(value) === wanted;
  if (!isArray(value)) return false;
  const item = wanted.slice('array-'.length);
  for (const entry of value) {
    budget.charge();
    if (budget.isPauseDue) yield;
    if (typeOf(entry) !== item) return false;
  }
  return true;
}

// The signature has checked these types; a failure here would be a mistake in its table.
export function text(value: JsonValue): string {
  if (typeof value !== 'string') throw new TypeError('The signature lets only strings through.');
  return value;
}

export function number(value: JsonValue): number | bigint {
  if (!isNumber(value)) throw new TypeError('The signature lets only numbers through.');
  return value;
}

export function list(value: JsonValue): readonly JsonValue[] {
  if (!isArray(value)) throw new TypeError('The signature lets only lists through.');
  return value;
}

export function object(value: JsonValue): JsonObject {
  if (!isObject(value)) throw new TypeError('The signature lets only objects through.');
  return value;
}

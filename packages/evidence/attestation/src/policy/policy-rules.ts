import { boolean as trueOrFalse, integer as integerBetween, oneOf, type JsonRule } from '@enclos/codec/json';
import { datedParts, documentParts } from '../dcap/collateral-dates.ts';
import type { AcceptableStatus } from './policy.ts';

/** One kind of rule: how it is read from untyped data, and of which form it is. One table gives both. */
export interface Rule<T> extends JsonRule<T> {
  readonly form: RuleForm;
}

/** What `schemaOf` makes a JSON Schema of. A verifier has no use for the schema itself, and a page none for its bytes. */
export type RuleForm =
  | readonly ['boolean' | 'string' | 'strings' | 'time' | 'advisories']
  | readonly ['integer', maximum: number]
  | readonly ['word', word: string]
  | readonly ['words', all: readonly string[]]
  | readonly ['hexes', pattern: string]
  | readonly ['any', or: Rule<unknown>]
  | readonly ['durations', names: readonly string[]]
  | readonly ['nested', table: Readonly<Record<string, Rule<unknown>>>, required: readonly string[]];

/** An advisory, and the last moment for which the rule about it holds. */
export interface Advisory {
  readonly id: string;
  readonly untilMs: number;
}

/** A duration for each part; `default` for those that are not named. */
export type Durations = ReadonlyMap<string, number>;

const acceptable = [
  'OK',
  'SW_HARDENING_NEEDED',
  'CONFIGURATION_NEEDED',
  'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  'OUT_OF_DATE',
  'OUT_OF_DATE_CONFIGURATION_NEEDED',
  'TD_RELAUNCH_ADVISED',
  'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
] as const satisfies readonly AcceptableStatus[];
export const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/;

export const boolean: Rule<boolean> = { ...trueOrFalse, form: ['boolean'] };

export const text: Rule<string> = {
  expected: 'a string',
  read: (value) => (typeof value === 'string' ? value : undefined),
  form: ['string'],
};

const statuses: Rule<readonly string[]> = words(acceptable);

const advisories: Rule<readonly Advisory[]> = {
  expected: 'an array of ids, or of objects with id and until',
  read: (value) => (isArray(value) ? allOrNone(value.map(readAdvisory)) : undefined),
  form: ['advisories'],
};

export const time: Rule<number> = {
  expected: 'a valid Date, or a time like 2026-06-01T00:00:00Z',
  read: readTime,
  form: ['time'],
};

/** At least one, when the rule is there. */
export const texts: Rule<readonly string[]> = {
  expected: 'a non-empty array of strings',
  read: (value) => (isStrings(value) && value.length > 0 ? value.slice() : undefined),
  form: ['strings'],
};

const measurements = hexes(48);
const runtimeMeasurements: Rule<readonly string[] | 'any'> = {
  expected: `"any", or ${measurements.expected}`,
  read: (value) => (value === 'any' ? value : measurements.read(value)),
  form: ['any', measurements],
};

/** For quotes of every TEE. */
const quoteRules = {
  $schema: text,
  acceptedStatuses: statuses,
  intelRoot: boolean,
  softwareRoots: hexes(32),
  acceptedAdvisoryIds: advisories,
  refusedAdvisoryIds: advisories,
  allowDebug: boolean,
  expiredCollateralGraceMs: durations(datedParts),
  maximumCollateralAgeMs: durations(documentParts),
  allowNotYetValid: boolean,
  timeFloor: time,
  minimumTcbEvaluationDataNumber: integer(0xffff_ffff),
};

export const sgxRules = {
  tee: exactly('sgx'),
  ...quoteRules,
  mrEnclave: hexes(32),
  mrSigner: hexes(32),
  productId: integer(65_535),
  minimumSecurityVersion: integer(65_535),
  extendedProductId: hexes(16),
  familyId: hexes(16),
  configId: hexes(64),
  minimumConfigSecurityVersion: integer(65_535),
};

export const tdxRules = {
  tee: exactly('tdx'),
  ...quoteRules,
  mrTd: measurements,
  rtmr0: runtimeMeasurements,
  rtmr1: runtimeMeasurements,
  rtmr2: runtimeMeasurements,
  rtmr3: runtimeMeasurements,
  mrSeam: measurements,
  mrServiceTd: measurements,
  mrConfigId: measurements,
  mrOwner: measurements,
  mrOwnerConfig: measurements,
  requireSeptVeDisable: boolean,
};

export function exactly<const T extends string>(word: T): Rule<T> {
  return { ...oneOf(word), form: ['word', word] };
}

export function integer(maximum: number): Rule<number> {
  return { ...integerBetween(0, maximum), form: ['integer', maximum] };
}

/** At least one, when the rule is there, each of one of the sizes. Read in lower case. */
export function hexes(...sizesBytes: readonly number[]): Rule<readonly string[]> {
  const pattern = sizesBytes.map((sizeBytes) => `^[0-9a-fA-F]{${2 * sizeBytes}}$`).join('|');
  const expression = new RegExp(pattern);
  return {
    expected: `a non-empty array of ${sizesBytes.join(' or ')} bytes of hex`,
    read: (value) =>
      isStrings(value) && value.length > 0 && value.every((item) => expression.test(item))
        ? value.map((item) => item.toLowerCase())
        : undefined,
    form: ['hexes', pattern],
  };
}

/** Some of the words, at least one, when the rule is there. */
export function words<const T extends string>(all: readonly T[]): Rule<readonly T[]> {
  const isWords = (value: unknown): value is readonly T[] =>
    isStrings(value) && value.length > 0 && value.every((item) => all.some((word) => word === item));
  return {
    expected: `a non-empty array of ${all.join(', ')}`,
    read: (value) => (isWords(value) ? value.slice() : undefined),
    form: ['words', all],
  };
}

export function durations(parts: readonly string[]): Rule<Durations> {
  const names = ['default', ...parts];
  const duration = integer(Number.MAX_SAFE_INTEGER);
  return {
    expected: `milliseconds, or an object with milliseconds for some of ${names.join(', ')}`,
    read: (value) => {
      const single = duration.read(value);
      if (single !== undefined) return new Map([['default', single]]);
      if (!isPlainObject(value)) return undefined;
      const entries = Reflect.ownKeys(value).map(
        (name) => [String(name), duration.read(Reflect.get(value, name))] as const,
      );
      const isRead = entries.every(([name, read]) => names.includes(name) && read !== undefined);
      return isRead ? new Map(entries.map(([name, read = 0]) => [name, read])) : undefined;
    },
    form: ['durations', names],
  };
}

function readAdvisory(value: unknown): Advisory | undefined {
  if (typeof value === 'string') return { id: value, untilMs: Number.POSITIVE_INFINITY };
  if (!isPlainObject(value) || Reflect.ownKeys(value).length !== 2) return undefined;
  const id: unknown = Reflect.get(value, 'id');
  const until: unknown = Reflect.get(value, 'until');
  const untilMs = typeof until === 'string' ? readTime(until) : undefined;
  return typeof id === 'string' && untilMs !== undefined ? { id, untilMs } : undefined;
}

function readTime(value: unknown): number | undefined {
  const isTime = value instanceof Date || (typeof value === 'string' && timePattern.test(value));
  const timeMs = isTime ? new Date(value).getTime() : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

function allOrNone<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const read = values.filter((value) => value !== undefined);
  return read.length === values.length ? read : undefined;
}

/**
 * Rules within a rule, which `readRules` reads with the table that the schema is of.
 *
 * @param required names; when there are none, at least one rule must be present.
 */
export function nested(table: Readonly<Record<string, Rule<unknown>>>, required: readonly string[]): Rule<object> {
  return {
    expected: 'an object with its own rules and none inherited',
    read: (value) => (isPlainObject(value) ? value : undefined),
    form: ['nested', table, required],
  };
}

/** A rule that a prototype holds would not be seen, and not be missed either. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isStrings(value: unknown): value is readonly string[] {
  return isArray(value) && value.every((item) => typeof item === 'string');
}

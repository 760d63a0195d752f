import { EnclosError } from '@enclos/errors';
import { parseJson } from './json.ts';
import type { AppraisalPolicy, SgxPolicy, TdxPolicy } from './policy.ts';
import { isPlainObject, sgxRules, tdxRules, type Rule } from './policy-rules.ts';

export type RuleTable = Readonly<Record<string, Rule<unknown>>>;

/** What was read by a table. */
export type Read<R extends RuleTable> = { readonly [K in keyof R]?: R[K] extends Rule<infer T> ? T : never };

export type Required<R extends RuleTable, K extends keyof R> = Read<R> & {
  readonly [P in K]-?: NonNullable<Read<R>[P]>;
};

const inAll = ['acceptedStatuses', 'intelRoot'] as const;
const inSgx = [...inAll, 'minimumSecurityVersion'] as const;
const inTdx = [...inAll, 'tee', 'mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const;

export type CompleteSgxPolicy = Required<typeof sgxRules, (typeof inSgx)[number]>;
export type CompleteTdxPolicy = Required<typeof tdxRules, (typeof inTdx)[number]>;

/** A policy that is complete and checked. Hex is lower case, times are milliseconds. */
export type CompletePolicy =
  | { readonly tee: 'sgx'; readonly rules: CompleteSgxPolicy }
  | { readonly tee: 'tdx'; readonly rules: CompleteTdxPolicy };

const maximumTextLength = 1_048_576;
const known = new WeakMap<object, CompletePolicy>();

/**
 * Checks a policy when it is written or read, rather than when it is used, and
 * freezes it: an object, or the JSON text of one. The result is data, and can
 * be written as JSON; the JSON Schema is `@enclos/attestation/schema/policy.schema.json`.
 *
 * @throws APPRAISAL_REFUSED with the name of the rule in `details.field`.
 * @throws a CODEC error for text that is not strict JSON.
 */
export function parsePolicy(policy: SgxPolicy): SgxPolicy;
export function parsePolicy(policy: TdxPolicy): TdxPolicy;
export function parsePolicy(policy: unknown): AppraisalPolicy;
export function parsePolicy(policy: unknown): AppraisalPolicy {
  const given: unknown = typeof policy === 'string' ? parseJson(policy, maximumTextLength) : policy;
  // Rules without a value are refused here; the copy does not have them any more.
  completePolicy(given);
  const copy: unknown = JSON.parse(JSON.stringify(given));
  const complete = completePolicy(copy);
  const frozen = deepFreeze(copy);
  known.set(frozen, complete);
  // `completePolicy` has read it.
  return frozen as AppraisalPolicy;
}

/**
 * Checks a policy as it comes from a caller without types, a file for example.
 * A missing, malformed, unknown or inherited rule refuses, and so does one that
 * is there without a value: none is ever read as "anything".
 *
 * @throws APPRAISAL_REFUSED with the name of the rule in `details.field`.
 */
export function completePolicy(policy: unknown): CompletePolicy {
  if (!isPlainObject(policy)) throw incomplete('policy', 'an object with rules of its own and none inherited');
  return known.get(policy) ?? (isForTdx(policy) ? completeTdx(policy) : completeSgx(policy));
}

function isForTdx(policy: object): boolean {
  return Object.hasOwn(policy, 'tee') && Reflect.get(policy, 'tee') === 'tdx';
}

function completeSgx(policy: object): CompletePolicy {
  const rules = requireRules(readRules(policy, sgxRules), inSgx);
  const { mrEnclave, mrSigner, productId } = rules;
  if (mrEnclave === undefined && mrSigner === undefined) {
    throw incomplete('mrEnclave', 'mrEnclave, or mrSigner and productId');
  }
  if (mrSigner !== undefined && productId === undefined) {
    throw incomplete('productId', 'an integer, because mrSigner is given');
  }
  requireRoot(rules);
  return Object.freeze({ tee: 'sgx', rules });
}

function completeTdx(policy: object): CompletePolicy {
  const rules = requireRules(readRules(policy, tdxRules), inTdx);
  requireRoot(rules);
  return Object.freeze({ tee: 'tdx', rules });
}

/**
 * Reads every own property once, and refuses those that the table does not have.
 *
 * @param path before the names of rules within a rule.
 */
export function readRules<R extends RuleTable>(policy: unknown, table: R, path = ''): Read<R> {
  if (!isPlainObject(policy)) {
    throw incomplete(path.slice(0, -1) || 'policy', 'an object with rules of its own and none inherited');
  }
  const read: Record<string, unknown> = {};
  for (const key of Reflect.ownKeys(policy)) {
    const name = path + String(key);
    const value: unknown = Reflect.get(policy, key);
    if (value === undefined) throw incomplete(name, 'absent or have a value');
    const rule = typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;
    if (rule === undefined) throw incomplete(name, 'the name of a rule');
    const taken = rule.read(value);
    if (taken === undefined) throw incomplete(name, rule.expected);
    read[String(key)] = taken;
  }
  // Each value is what the table's rule of this name read.
  return Object.freeze(read) as Read<R>;
}

export function requireRules<R extends RuleTable, K extends keyof R & string>(
  read: Read<R>,
  names: readonly K[],
  path = '',
): Required<R, K> {
  for (const name of names) if (read[name] === undefined) throw incomplete(path + name, 'present');
  // The loop has just looked.
  return read as Required<R, K>;
}

function requireRoot({
  intelRoot,
  softwareRoots,
}: {
  readonly intelRoot: boolean;
  readonly softwareRoots?: unknown;
}): void {
  if (!intelRoot && softwareRoots === undefined) {
    throw incomplete('softwareRoots', 'intelRoot: true, or fingerprints of software roots');
  }
}

function deepFreeze(value: unknown): object {
  if (typeof value !== 'object' || value === null) throw incomplete('policy', 'an object');
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}

export function incomplete(field: string, expected: string): EnclosError {
  return new EnclosError('APPRAISAL_REFUSED', `The policy is incomplete: ${field} must be ${expected}.`, {
    details: { field, expected, got: 'an incomplete policy' },
  });
}

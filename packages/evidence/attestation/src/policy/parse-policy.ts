import { completeSgxPolicy, completeTdxPolicy, incomplete, type CompleteQuotePolicy } from './complete-policy.ts';
import { parseJson } from '@enclos/codec/json';
import type { SgxPolicy, TdxPolicy } from './policy.ts';
import { isPlainObject } from './policy-rules.ts';
import { completeSnpPolicy, type CompleteSnpPolicy, type SnpPolicy } from './snp-policy.ts';

/** A policy for one TEE: `tee` says which. Without it, it is for SGX. */
export type AppraisalPolicy = SgxPolicy | TdxPolicy | SnpPolicy;

/** The result of `parsePolicy` for a `P`: a policy for any TEE where the type of `P` is not a policy. */
export type ParsedPolicy<P> = P extends SgxPolicy
  ? SgxPolicy
  : P extends TdxPolicy
    ? TdxPolicy
    : P extends SnpPolicy
      ? SnpPolicy
      : AppraisalPolicy;

/** A policy that is complete and checked. Hex is lower case, times are milliseconds. */
export type CompletePolicy = CompleteQuotePolicy | { readonly tee: 'sev-snp'; readonly rules: CompleteSnpPolicy };

const maximumTextLength = 1_048_576;
const known = new WeakMap<object, CompletePolicy>();

const readers = {
  sgx: completeSgxPolicy,
  tdx: completeTdxPolicy,
  'sev-snp': (policy: object): CompletePolicy => Object.freeze({ tee: 'sev-snp', rules: completeSnpPolicy(policy) }),
} as const;

/** A rule that shows that a policy without `tee` is for another TEE than SGX, so that the message can tell. */
const marks = { tdx: 'mrTd', 'sev-snp': 'measurements' } as const;

/**
 * Checks a policy when it is written or read, rather than when it is used, and
 * freezes it: an object, or the JSON text of one. The result is data, and can
 * be written as JSON; the JSON Schema is `@enclos/attestation/schema/policy.schema.json`.
 *
 * @throws APPRAISAL_REFUSED with the name of the rule in `details.field`.
 * @throws a CODEC error for text that is not strict JSON.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parsePolicy } from '@enclos/attestation';
 *
 * export const policy = parsePolicy(JSON.parse(await readFile('policy.json', 'utf8')) as unknown);
 * ```
 */
export function parsePolicy<const P>(policy: P): ParsedPolicy<P>;
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
  if (!isPlainObject(policy)) throw incomplete('policy', 'an object with its own rules and none inherited');
  return known.get(policy) ?? readers[teeOf(policy)](policy);
}

function teeOf(policy: object): keyof typeof readers {
  if (Object.hasOwn(policy, 'tee')) {
    const tee: unknown = Reflect.get(policy, 'tee');
    if (tee === 'sgx' || tee === 'tdx' || tee === 'sev-snp') return tee;
    throw incomplete('tee', '"sgx", "tdx" or "sev-snp"');
  }
  for (const [tee, mark] of Object.entries(marks)) {
    if (Object.hasOwn(policy, mark)) throw incomplete('tee', `"${tee}", because ${mark} is given`);
  }
  return 'sgx';
}

/** @throws APPRAISAL_REFUSED for a value that is not an object. */
function deepFreeze(value: unknown): object {
  if (typeof value !== 'object' || value === null) throw incomplete('policy', 'an object');
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}

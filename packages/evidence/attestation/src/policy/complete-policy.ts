import { EnclosError } from '@enclos/errors';
import { isPlainObject, sgxRules, tdxRules, type Rule } from './policy-rules.ts';

export type RuleTable = Readonly<Record<string, Rule<unknown>>>;

/** What was read by a table. */
export type PolicyValues<R extends RuleTable> = { readonly [K in keyof R]?: R[K] extends Rule<infer T> ? T : never };

export type CompleteRules<R extends RuleTable, K extends keyof R> = PolicyValues<R> & {
  readonly [P in K]-?: NonNullable<PolicyValues<R>[P]>;
};

const inAll = ['acceptedStatuses', 'intelRoot'] as const;
const inSgx = [...inAll, 'minimumSecurityVersion'] as const;
const inTdx = [...inAll, 'tee', 'mrTd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const;

export type CompleteSgxPolicy = CompleteRules<typeof sgxRules, (typeof inSgx)[number]>;
export type CompleteTdxPolicy = CompleteRules<typeof tdxRules, (typeof inTdx)[number]>;

/** A policy for quotes that is complete and checked. Hex is lower case, times are milliseconds. */
export type CompleteQuotePolicy =
  | { readonly tee: 'sgx'; readonly rules: CompleteSgxPolicy }
  | { readonly tee: 'tdx'; readonly rules: CompleteTdxPolicy };

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeSgxPolicy(policy: object): CompleteQuotePolicy {
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

/** @throws APPRAISAL_REFUSED with the name of the rule in `details.field`. */
export function completeTdxPolicy(policy: object): CompleteQuotePolicy {
  const rules = requireRules(readRules(policy, tdxRules), inTdx);
  requireRoot(rules);
  return Object.freeze({ tee: 'tdx', rules });
}

/**
 * Reads every own property once, and refuses those that the table does not have.
 *
 * @param path before the names of rules within a rule.
 */
export function readRules<R extends RuleTable>(policy: unknown, table: R, path = ''): PolicyValues<R> {
  if (!isPlainObject(policy)) {
    throw incomplete(path.slice(0, -1) || 'policy', 'an object with its own rules and none inherited');
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
  return Object.freeze(read) as PolicyValues<R>;
}

export function requireRules<R extends RuleTable, K extends keyof R & string>(
  read: PolicyValues<R>,
  names: readonly K[],
  path = '',
): CompleteRules<R, K> {
  for (const name of names) if (read[name] === undefined) throw incomplete(path + name, 'present');
  // The loop has just looked.
  return read as CompleteRules<R, K>;
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

export function incomplete(field: string, expected: string): EnclosError {
  return new EnclosError('APPRAISAL_REFUSED', `The policy is incomplete: ${field} must be ${expected}.`, {
    details: { field, expected, got: 'an incomplete policy' },
  });
}

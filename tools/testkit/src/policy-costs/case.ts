/** A policy, and what it is evaluated on, that make one primitive of the evaluator work as hard as its input allows. */
export interface PolicyCost {
  readonly policy: string;
  readonly claims: readonly CostClaim[];
}

export interface CostClaim {
  readonly type: string;
  readonly value: string | number | boolean;
  readonly issuer: 'AttestationService';
}

/** Makes a case whose work grows with `size`: characters, items, members or claims. */
export type CostOf = (size: number) => PolicyCost;

/** Cases by what they are called, for one primitive. There is at least one for each. */
export type CostsOf = Readonly<Record<string, CostOf>>;

/** Keeps the names in the type, for tests that compare them with the tables of the evaluator. */
export const named = <Name extends string>(costs: Readonly<Record<Name, CostsOf>>): Readonly<Record<Name, CostsOf>> =>
  costs;

export const claim = (type: string, value: CostClaim['value']): CostClaim => ({
  type,
  value,
  issuer: 'AttestationService',
});

export function policyOf(rules: string, claims: readonly CostClaim[]): PolicyCost {
  return { policy: `version=1.2; authorizationrules { ${rules} => permit(); };`, claims };
}

/** A query that is text of a claim, so that it is not parsed with the policy. */
export function queryOf(json: string, query: string): PolicyCost {
  const rule = 'j:[type=="json"] && q:[type=="query"] => add(type="r", value=JmesPath(j.value, q.value));';
  return policyOf(rule, [claim('json', json), claim('query', query)]);
}

export const list = <T>(size: number, item: (index: number) => T): readonly T[] =>
  Array.from({ length: Math.max(1, Math.floor(size)) }, (_, index) => item(index));
export const json = (value: unknown): string => JSON.stringify(value);

export const letters = (size: number): string => 'a'.repeat(size);
/** In an order that no sort guesses. */
export const mixed = (size: number): readonly number[] => list(size, (index) => (index * 7919) % 1_000_003);
export const members = (size: number): object => Object.fromEntries(list(size, (index) => [`k${index}`, 0]));
/** As long as a number may be. */
export const longNumber = `-1.${'23456789'.repeat(4)}e-300`;

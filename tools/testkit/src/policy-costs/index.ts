import type { CostOf, CostsOf } from './case.ts';
import { queryFunctionCosts, queryNodeCosts } from './query-costs.ts';
import { ruleCosts, ruleFunctionCosts } from './rule-costs.ts';
import { textCosts } from './text-costs.ts';

export type { CostOf, PolicyCost } from './case.ts';
export { queryFunctionCosts, queryNodeCosts, ruleFunctionCosts };

/** All of them by name. */
export function allPolicyCosts(): ReadonlyMap<string, CostOf> {
  const all = new Map<string, CostOf>();
  for (const [kind, costs] of [
    ['function of queries', queryFunctionCosts],
    ['node of queries', queryNodeCosts],
    ['function of rules', ruleFunctionCosts],
  ] as const) {
    for (const [name, cases] of Object.entries<CostsOf>(costs)) {
      for (const [words, cost] of Object.entries(cases)) {
        all.set([`${kind} ${name}`, words].filter(Boolean).join(': '), cost);
      }
    }
  }
  for (const [name, cost] of [...Object.entries(textCosts), ...Object.entries(ruleCosts)]) all.set(name, cost);
  return all;
}

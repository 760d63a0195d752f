import { takesSet } from '../functions.ts';
import type { Condition, Expression, Rule } from '../syntax/ast.ts';
import { single, type Values } from './value.ts';

/** How a condition takes part in a rule. */
export interface PlannedCondition {
  readonly condition: Condition;
  /** Its name stands for each claim for which it holds, one after the other. */
  readonly each: boolean;
  /** Its name stands for all these claims together. */
  readonly all: boolean;
  /** Whether the rule fires again for another claim here. */
  readonly key: boolean;
  /** For each property the value to compare with, where it stands in the policy: most do. */
  readonly literals: readonly (Values | undefined)[];
}

export interface Plan {
  readonly conditions: readonly PlannedCondition[];
  /** From here on no condition is a key: the first claims that fit are enough. */
  readonly lastKey: number;
  /** The cost of making the plan: its expressions are visited once. */
  readonly steps: number;
}

interface Uses {
  readonly each: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
  /** Parts of the expressions. */
  readonly nodes: number;
}

/**
 * Finds the meaning of the names of a rule.
 *
 * As an argument of a function that takes a set, a name stands for all claims for which its condition holds; elsewhere for one
 * of them. A rule fires once for each choice of the claims that its action names: conditions that the action does not need
 * decide whether it fires, not how often.
 */
export function planOf(rule: Rule): Plan {
  const known = plans.get(rule);
  if (known !== undefined) return known;
  const plan = makePlan(rule);
  plans.set(rule, plan);
  return plan;
}

/** Rules do not change, and are evaluated for every token. */
const plans = new WeakMap<Rule, Plan>();

function makePlan({ conditions, action }: Rule): Plan {
  const inAction =
    action.kind === 'pass'
      ? { each: new Set([action.identifier]), all: new Set<string>(), nodes: 1 }
      : usesOf('type' in action ? [action.type, action.value] : []);
  const inConditions = conditions.map(({ properties }) => usesOf(properties.map(({ expression }) => expression)));
  const everywhere = together([inAction, ...inConditions]);
  // The names that a set depends on decide which set it is.
  const neededBySets = together(
    conditions.flatMap(({ identifier }, index) =>
      identifier !== undefined && everywhere.all.has(identifier) ? (inConditions[index] ?? []) : [],
    ),
  );
  const planned = conditions.map((condition): PlannedCondition => {
    const { identifier: name } = condition;
    const literals = condition.properties.map(({ expression }) =>
      expression.kind === 'literal' ? single(expression.value, false) : undefined,
    );
    if (name === undefined || condition.negated) return { condition, literals, each: false, all: false, key: false };
    return {
      condition,
      literals,
      each: everywhere.each.has(name),
      all: everywhere.all.has(name),
      key: inAction.each.has(name) || neededBySets.each.has(name),
    };
  });
  const steps = conditions.length + everywhere.nodes;
  return { conditions: planned, lastKey: planned.findLastIndex(({ key }) => key), steps };
}

/** Names of several places as one, so that each condition is looked up once, however many there are. */
function together(uses: readonly Uses[]): Uses {
  const all = { each: new Set<string>(), all: new Set<string>(), nodes: 0 };
  for (const use of uses) {
    for (const name of use.each) all.each.add(name);
    for (const name of use.all) all.all.add(name);
    all.nodes += use.nodes;
  }
  return all;
}

function usesOf(expressions: readonly Expression[]): Uses {
  const uses = { each: new Set<string>(), all: new Set<string>(), nodes: 0 };
  for (const expression of expressions) addUses(expression, false, uses);
  return uses;
}

function addUses(
  expression: Expression,
  inSet: boolean,
  uses: { readonly each: Set<string>; readonly all: Set<string>; nodes: number },
): void {
  uses.nodes++;
  if (expression.kind === 'property') (inSet ? uses.all : uses.each).add(expression.identifier);
  if (expression.kind !== 'call') return;
  for (const [index, argument] of expression.arguments.entries()) {
    addUses(argument, takesSet(expression.name, index), uses);
  }
}

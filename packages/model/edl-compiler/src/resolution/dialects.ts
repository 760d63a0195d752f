import type { Rule } from '../findings/rule.ts';
import type { Dialect } from '../source/dialect.ts';

/** The rule where only some of its compilers refuse: what a rule forbids in general, one of them lets pass in a special case. */
export function ruleFor(rule: Rule, dialects: readonly Dialect[]): Rule {
  return dialects.length === rule.dialects.length ? rule : { ...rule, dialects };
}

import type { Rule } from '../findings/rule.ts';
import type { Dialect } from '../source/dialect.ts';

/** The rule where only some of its compilers refuse: what a rule forbids in general, one of them lets pass in a special case. */
export function ruleFor(rule: Rule, dialects: readonly Dialect[]): Rule {
  return dialects.length === rule.dialects.length ? rule : { ...rule, dialects };
}

/** Words that Intel's lexer takes from names. */
export const intelWords: ReadonlySet<string> = new Set(
  (
    'char short unsigned int float double int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t wchar_t long void ' +
    'struct union enum enclave trusted untrusted from import allow public transition_using_threads include propagate_errno const'
  ).split(' '),
);

import type { Findings } from '../findings/findings.ts';
import { attributeRules as rules } from '../rules/attributes.ts';
import type { AttributeBlock } from '../syntax/tree.ts';
import { ruleFor } from '../resolution/dialects.ts';

const withValue: ReadonlySet<string> = new Set(['size', 'count']);
const directions: ReadonlySet<string> = new Set(['in', 'out']);
const flags: ReadonlySet<string> = new Set(['string', 'wstring', 'isptr', 'isary', 'readonly', 'user_check']);

/** The words themselves: known, and each once. */
export function checkAttributeWords(block: AttributeBlock, findings: Findings): void {
  const seen = new Set<string>();
  for (const { name } of block.attributes) {
    const { text, at } = name;
    if (text === 'sizefunc') findings.report(rules.sizefunc, at);
    else if (!withValue.has(text) && !directions.has(text) && !flags.has(text)) {
      findings.report(rules.unknownAttribute, at, [text]);
    } else {
      const duplicate = ruleFor(rules.duplicateAttribute, flags.has(text) ? ['oe'] : ['oe', 'intel']);
      if (seen.has(text)) findings.report(duplicate, at, [text]);
      seen.add(text);
    }
  }
}

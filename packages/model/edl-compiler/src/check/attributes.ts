import type { Findings } from '../findings/findings.ts';
import { attributeRules as rules } from '../rules/attributes.ts';
import type { Attribute, AttributeBlock } from '../syntax/tree.ts';
import { ruleFor } from '../resolution/dialects.ts';
import { tokensAt } from '../resolution/tokens.ts';

const withValue: ReadonlySet<string> = new Set(['size', 'count']);
const directions: ReadonlySet<string> = new Set(['in', 'out']);
const flags: ReadonlySet<string> = new Set(['string', 'wstring', 'isptr', 'isary', 'readonly', 'user_check']);

/** The words themselves: known, each once, with a value where one belongs. */
export function checkAttributeWords(block: AttributeBlock, findings: Findings): void {
  const seen = new Set<string>();
  for (const attribute of block.attributes) {
    const { text, at } = attribute.name;
    if (text === 'sizefunc') findings.report(rules.sizefunc, at);
    else if (!withValue.has(text) && !directions.has(text) && !flags.has(text)) {
      findings.report(rules.unknownAttribute, at, [text]);
    } else {
      const duplicate = ruleFor(rules.duplicateAttribute, flags.has(text) ? ['oe'] : ['oe', 'intel']);
      if (seen.has(text)) findings.report(duplicate, at, [text]);
      seen.add(text);
      checkValue(attribute, findings);
    }
  }
}

function checkValue({ name, value, at }: Attribute, findings: Findings): void {
  if (withValue.has(name.text)) {
    const [next = ''] = tokensAt(name.at.source, name.at.end);
    if (value === undefined) findings.report(rules.noValue, at, [name.text, next]);
  } else if (value !== undefined) findings.report(rules.uselessValue, at, [name.text]);
}

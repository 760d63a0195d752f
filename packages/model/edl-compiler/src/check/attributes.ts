import { didYouMean } from '@enclos/diagnostics';
import type { Findings } from '../findings/findings.ts';
import { ruleFor } from '../resolution/dialects.ts';
import { attributeRules as rules } from '../rules/attributes.ts';
import { flagAttributes } from '../syntax/names.ts';
import type { AttributeBlock } from '../syntax/tree.ts';

const withValue: ReadonlySet<string> = new Set(['size', 'count']);
/** Those that Intel's compiler counts; it takes the others twice. */
const counted: ReadonlySet<string> = new Set(['in', 'out', ...withValue]);

/** The attribute that a word was probably meant to be. */
function meantBy(word: string): string | undefined {
  if (/^in_?out$/i.test(word)) return 'in, out';
  return didYouMean(word, [...flagAttributes, ...withValue]);
}

/** The words themselves: known, and each once. */
export function checkAttributeWords(block: AttributeBlock, findings: Findings): void {
  const seen = new Set<string>();
  for (const { name } of block.attributes) {
    const { text, at } = name;
    if (text === 'sizefunc') findings.report(rules.sizefunc, at);
    else if (!withValue.has(text) && !flagAttributes.has(text)) {
      const meant = meantBy(text);
      findings.report(rules.unknownAttribute, at, [text, ...(meant === undefined ? [] : [meant])]);
    } else {
      const duplicate = ruleFor(rules.duplicateAttribute, counted.has(text) ? ['oe', 'intel'] : ['oe']);
      if (seen.has(text)) findings.report(duplicate, at, [text]);
      seen.add(text);
    }
  }
}

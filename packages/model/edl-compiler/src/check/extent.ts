import { didYouMean } from '@enclos/diagnostics';
import type { Findings } from '../findings/findings.ts';
import { extentRules as rules } from '../rules/extents.ts';
import { warningRules } from '../rules/warnings.ts';
import { type Variable, isInteger } from '../resolution/variable.ts';
import { checkNumber } from './dimensions.ts';
import type { TypeTable } from '../resolution/type-table.ts';

export interface ExtentOwner {
  readonly kind: 'trusted' | 'untrusted' | 'struct' | 'union';
  readonly name: string;
}

const signed: ReadonlySet<string> = new Set('char,short,int,long,long long,int8_t,int16_t,int32_t,int64_t'.split(','));
const floating: ReadonlySet<string> = new Set(['float', 'double', 'long double']);

/** What `size` and `count` name: a sibling that holds an integer. */
export function checkExtents(
  siblings: readonly Variable[],
  owner: ExtentOwner,
  context: { readonly types: TypeTable; readonly findings: Findings },
): void {
  const byName = new Map<string, Variable>();
  for (const each of siblings) if (!byName.has(each.name.text)) byName.set(each.name.text, each);
  for (const { attributes } of siblings) {
    for (const attribute of [attributes.get('size'), attributes.get('count')]) {
      const value = attribute?.value;
      if (value === undefined) continue;
      if (isInteger(value)) checkNumber(value, context.findings);
      else {
        const holder = byName.get(value.text);
        if (holder !== undefined) checkHolder(holder, { value, owner, ...context });
        else {
          const meant = didYouMean(value.text, byName.keys());
          const words = [value.text, owner.kind, ...(meant === undefined ? [] : [meant])];
          context.findings.report(rules.unknownName, value.at, words);
        }
      }
    }
  }
}

function checkHolder(
  { type, isPointer, isArray, typeText, attributes }: Variable,
  {
    value,
    owner,
    types,
    findings,
  }: { value: Variable['name']; owner: ExtentOwner; types: TypeTable; findings: Findings },
): void {
  const { base } = type;
  // The compilers only look at the type, and what they write of a foreign pointer or array takes its address for the number.
  const typedef = ['isptr', 'isary'].find((word) => attributes.has(word));
  const isFunction = owner.kind === 'trusted' || owner.kind === 'untrusted';
  if (isPointer || isArray || base.kind === 'struct' || base.kind === 'union') {
    findings.report(rules.notInteger, value.at, [value.text, isArray ? `${typeText}[]` : typeText, 'refused']);
  } else if (typedef !== undefined) {
    findings.report(rules.notInteger, value.at, [value.text, `[${typedef}] ${typeText}`, 'accepted']);
  } else if (base.kind === 'basic') {
    if (floating.has(base.name)) findings.report(warningRules.floatingSize, value.at, [value.text, typeText]);
    else if (signed.has(base.name)) {
      findings.report(warningRules.signedSize, value.at, [isFunction ? 'Function' : 'struct', owner.name, value.text]);
    }
  } else if (types.composite(base.name.text) !== undefined) {
    findings.report(rules.notInteger, value.at, [value.text, typeText, 'accepted']);
  }
}

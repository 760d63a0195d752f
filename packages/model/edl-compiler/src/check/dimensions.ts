import type { Findings } from '../findings/findings.ts';
import { extentRules as rules } from '../rules/extents.ts';
import type { IntegerLiteral } from '../syntax/tree.ts';
import { type Variable, isInteger } from '../resolution/variable.ts';

/** The lengths of a declared array. */
export function checkDimensions({ declaration, name }: Variable, findings: Findings): void {
  for (const { value, at } of declaration.dimensions) {
    if (value === undefined) findings.report(rules.flexibleArray, at, [name.text]);
    else if (!isInteger(value)) findings.report(rules.namedDimension, value.at, [value.text]);
    else if (value.value === 0n) findings.report(rules.zeroArray, value.at, [name.text]);
    else checkNumber(value, findings);
  }
}

/** Numbers that a model holds are exact. */
export function checkNumber({ value, at }: IntegerLiteral, findings: Findings): void {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) findings.report(rules.numberRange, at, [String(value)]);
}

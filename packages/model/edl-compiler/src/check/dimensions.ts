import type { Findings } from '../findings/findings.ts';
import { extentRules as rules } from '../rules/extents.ts';
import { mostOfInteger } from '../source/limits.ts';
import type { IntegerLiteral, Name, TypeName } from '../syntax/tree.ts';
import { type Variable, isInteger } from '../resolution/variable.ts';

/** A model is read by functions that call themselves for each level of a type. */
const deepest = 64;

/** The lengths of a declared array, and how deep the type is. */
export function checkDimensions({ declaration, name, type }: Variable, findings: Findings): void {
  checkDepth(type, name, findings);
  if (declaration.dimensions.length > deepest) findings.report(rules.tooDeep, name.at, [name.text]);
  for (const { value, at } of declaration.dimensions) {
    if (value === undefined) findings.report(rules.flexibleArray, at, [name.text]);
    else if (!isInteger(value)) findings.report(rules.namedDimension, value.at, [value.text]);
    else if (value.value === 0n) findings.report(rules.zeroArray, value.at, [name.text]);
    else checkNumber(value, findings);
  }
}

export function checkDepth({ pointers }: TypeName, { text, at }: Name, findings: Findings): void {
  if (pointers > deepest) findings.report(rules.tooDeep, at, [text]);
}

/** Numbers that a model holds are exact. What neither compiler reads is reported already. */
export function checkNumber({ value, at }: IntegerLiteral, findings: Findings): void {
  const isExact = value <= BigInt(Number.MAX_SAFE_INTEGER);
  if (!isExact && value <= mostOfInteger) findings.report(rules.numberRange, at, [String(value)]);
}

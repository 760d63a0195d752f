import type { Findings } from '../findings/findings.ts';
import { attributeRules as rules } from '../rules/attributes.ts';
import { extentRules } from '../rules/extents.ts';
import type { Dialect } from '../source/dialect.ts';
import { checkAttributeWords } from './attributes.ts';
import { type Variable, directionOf } from '../resolution/variable.ts';
import { checkDimensions } from './dimensions.ts';
import { ruleFor } from '../resolution/dialects.ts';

/** The rules of one parameter of the function `owner`, without those of what its type contains. */
export function checkParameter(parameter: Variable, owner: string, findings: Findings): void {
  const { declaration, name, type, isPointer, isArray } = parameter;
  if (declaration.attributes !== undefined) checkAttributeWords(declaration.attributes, findings);
  const readonly = parameter.attributes.get('readonly');
  if (readonly !== undefined) findings.report(rules.readonlyAttribute, readonly.name.at);
  checkDimensions(parameter, findings);
  if (!isPointer && type.base.kind === 'basic' && type.base.name === 'void') {
    findings.report(extentRules.voidValue, name.at, [name.text, isArray ? 'array' : 'parameter']);
  }
  checkDirection(parameter, findings);
  if (isPlain(parameter) && checkPlain(parameter, findings)) return;
  checkStrings(parameter, owner, findings);
  checkTypedef(parameter, findings);
  checkArray(parameter, owner, findings);
  checkSizes(parameter, owner, findings);
  checkReadonly(parameter, owner, findings);
}

const isPlain = ({ isPointer, isArray, attributes }: Variable): boolean =>
  !isPointer && !isArray && !attributes.has('isptr') && !attributes.has('isary');

/** @returns whether anything only belongs to pointers and arrays. Sizes and strings without a direction are reported as that. */
function checkPlain(parameter: Variable, findings: Findings): boolean {
  const { attributes, typeText, isNamed } = parameter;
  const words = ['in', 'out', 'user_check', 'size', 'count'];
  const found = [...attributes.values()].filter(({ name }) => words.includes(name.text));
  const first = found.find(({ name }) => directionOf(parameter) !== undefined || name.text === 'user_check');
  if (first !== undefined) {
    const { text, at } = first.name;
    findings.report(rules.plainType, at, [typeText, text, isNamed ? 'foreign' : 'own']);
  }
  return found.length > 0;
}

function checkDirection(parameter: Variable, findings: Findings): void {
  const { attributes, name, isPointer, isArray } = parameter;
  const direction = directionOf(parameter);
  const userCheck = attributes.get('user_check');
  if (direction !== undefined && userCheck !== undefined) {
    // Intel's compiler does not look for this on types that are arrays.
    const dialects: readonly Dialect[] = attributes.has('isary') ? ['oe'] : ['oe', 'intel'];
    findings.report(ruleFor(rules.directionWithUserCheck, dialects), userCheck.name.at);
  }
  if (direction !== undefined) return;
  let isSaid = false;
  for (const word of ['size', 'count']) {
    const attribute = attributes.get(word);
    if (attribute !== undefined) findings.report(rules.sizeWithoutDirection, attribute.name.at, [word]);
    isSaid ||= attribute !== undefined;
  }
  for (const word of ['string', 'wstring']) {
    const attribute = attributes.get(word);
    if (attribute !== undefined) findings.report(rules.stringWithoutDirection, attribute.name.at, [word]);
    isSaid ||= attribute !== undefined;
  }
  if (userCheck !== undefined) return;
  for (const word of ['isptr', 'isary']) {
    const attribute = attributes.get(word);
    if (attribute !== undefined) findings.report(rules.typedefWithoutDirection, attribute.name.at, [word]);
    isSaid ||= attribute !== undefined;
  }
  if ((isPointer || isArray) && !isSaid) findings.report(rules.noDirection, name.at, [name.text]);
}

function checkStrings(parameter: Variable, owner: string, findings: Findings): void {
  const { attributes, name, isArray } = parameter;
  const string = attributes.get('string');
  const wstring = attributes.get('wstring');
  if (string !== undefined && wstring !== undefined) findings.report(rules.stringWithWstring, wstring.name.at);
  const isSized = attributes.has('size') || attributes.has('count');
  for (const attribute of [string, wstring]) {
    if (attribute === undefined) continue;
    const { text, at } = attribute.name;
    if (directionOf(parameter) === 'out') findings.report(rules.stringOutOnly, at, [text]);
    if (isSized) findings.report(rules.sizeWithString, at, [text]);
    const dialects = isArray ? (['oe', 'intel'] as const) : refusingAsString(parameter, text);
    const rule = text === 'string' ? rules.stringType : rules.wstringType;
    if (dialects.length > 0) findings.report(ruleFor(rule, dialects), at, [owner, name.text]);
  }
}

/** Intel's compiler takes `unsigned char*` as a string, and Open Enclave's does not. */
function refusingAsString({ type: { base, pointers } }: Variable, attribute: string): readonly Dialect[] {
  const basic = base.kind === 'basic' && pointers === 1 ? base.name : undefined;
  if (basic === (attribute === 'string' ? 'char' : 'wchar_t')) return [];
  return attribute === 'string' && basic === 'unsigned char' ? ['oe'] : ['oe', 'intel'];
}

function checkTypedef(parameter: Variable, findings: Findings): void {
  const { attributes, type, isPointer, isNamed, typeText } = parameter;
  const isary = attributes.get('isary');
  if (isary !== undefined && attributes.has('isptr')) {
    const isString = attributes.has('string') || attributes.has('wstring');
    findings.report(rules.typedefTwice, isary.name.at, [isString ? 'string' : 'isptr']);
  }
  for (const attribute of [attributes.get('isptr'), isary]) {
    if (attribute === undefined || isNamed) continue;
    // Intel's grammar has a pointer to const apart, and does not look there.
    const dialects: readonly Dialect[] = isPointer && type.isConst ? ['oe'] : ['oe', 'intel'];
    findings.report(ruleFor(rules.typedefType, dialects), attribute.name.at, [attribute.name.text, typeText]);
  }
}

function isVoidPointer({ type: { base, pointers } }: Variable): boolean {
  return pointers === 1 && base.kind === 'basic' && base.name === 'void';
}

function checkArray(parameter: Variable, owner: string, findings: Findings): void {
  const { attributes, name, isPointer, isArray } = parameter;
  const isary = attributes.get('isary');
  const isPointerType = isPointer || attributes.has('isptr');
  if (isPointerType && (isArray || (isary !== undefined && isPointer))) {
    const dialects: Dialect[] = [];
    if (isArray && (attributes.has('isptr') || directionOf(parameter) !== undefined)) dialects.push('oe');
    if (!isVoidPointer(parameter)) dialects.push('intel');
    if (dialects.length > 0) findings.report(ruleFor(rules.pointerArray, dialects), name.at, [owner, name.text]);
  }
  const first = attributes.get('size') ?? attributes.get('count');
  if (isArray && !isVoidPointer(parameter)) {
    const attribute = first ?? isary;
    if (attribute !== undefined) {
      findings.report(rules.attributeOfArray, attribute.name.at, [owner, name.text, attribute.name.text]);
    }
  } else if (isary !== undefined && first !== undefined) {
    findings.report(rules.sizeOfTypedefArray, first.name.at, [first.name.text]);
  }
}

function checkSizes(parameter: Variable, owner: string, findings: Findings): void {
  const { attributes, name } = parameter;
  const size = attributes.get('size');
  const count = attributes.get('count');
  if (size !== undefined && count !== undefined) {
    findings.report(extentRules.sizeAndCount, count.name.at, [owner, name.text]);
  }
  if (isVoidPointer(parameter) && size === undefined && directionOf(parameter) !== undefined) {
    findings.report(rules.voidPointerSize, name.at, [owner, name.text]);
  }
}

function checkReadonly(parameter: Variable, owner: string, findings: Findings): void {
  const { attributes, name, type, isPointer, typeText } = parameter;
  const readonly = attributes.get('readonly');
  const isConstPointer = isPointer && type.isConst;
  if (readonly !== undefined) {
    if (!isConstPointer) {
      if (type.base.kind !== 'named') findings.report(rules.readonlyType, readonly.name.at, [typeText]);
      else if (!attributes.has('isptr')) findings.report(rules.readonlyAlone, readonly.name.at);
    }
  }
  if ((readonly !== undefined || isConstPointer) && attributes.has('out') && !isVoidPointer(parameter)) {
    findings.report(rules.readonlyOut, name.at, [owner, name.text]);
  }
}

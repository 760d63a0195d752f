import type { Findings } from '../findings/findings.ts';
import { extentRules } from '../rules/extents.ts';
import { functionRules as rules } from '../rules/functions.ts';
import { warningRules as warnings } from '../rules/warnings.ts';
import type { AttributeBlock, FunctionDeclaration, SectionItem } from '../syntax/tree.ts';
import { type Variable, variableOf } from '../resolution/variable.ts';
import { checkDepth } from './dimensions.ts';
import { checkExtents } from './extent.ts';
import { checkParameter } from './parameter.ts';
import type { TypeTable } from '../resolution/type-table.ts';
import { checkTwice } from './types.ts';

export interface CheckContext {
  readonly types: TypeTable;
  readonly findings: Findings;
}

/** The rules of one function that hold wherever it is imported. @returns its parameters */
export function checkFunction(
  declaration: FunctionDeclaration,
  kind: SectionItem['kind'],
  context: CheckContext,
): readonly Variable[] {
  const { findings } = context;
  const { name, returns } = declaration;
  const parameters = declaration.parameters.map(variableOf);
  checkAccess(declaration, kind, findings);
  if (declaration.attributes !== undefined) checkFunctionAttributes(declaration.attributes, findings);
  if (returns.pointers > 0) findings.report(warnings.returnedPointer, returns.at, [name.text]);
  checkDepth(returns, name, findings);
  const [dimension] = declaration.returnDimensions;
  if (dimension !== undefined) findings.report(extentRules.arrayReturned, dimension.at, [name.text]);
  for (const parameter of parameters) {
    checkParameter(parameter, name.text, findings);
    warnOfParameter(parameter, name.text, context);
  }
  checkTwice(
    parameters.map((parameter) => parameter.name),
    rules.twiceParameter,
    findings,
  );
  checkExtents(parameters, { kind, name: name.text }, context);
  return parameters;
}

function checkAccess(
  { access, allow, name }: FunctionDeclaration,
  kind: SectionItem['kind'],
  findings: Findings,
): void {
  if (kind === 'trusted' && access === undefined) findings.report(rules.privateEcall, name.at, [name.text]);
  if (allow === undefined) return;
  if (kind === 'trusted') findings.report(rules.trustedAllow, allow.at, [name.text]);
  else findings.report(warnings.unsupportedAllow, allow.at, [name.text]);
}

const conventions: ReadonlySet<string> = new Set(['cdecl', 'stdcall', 'fastcall']);

function checkFunctionAttributes(block: AttributeBlock, findings: Findings): void {
  let convention: string | undefined;
  let isImport = false;
  // Intel's compiler reads the last one first.
  for (const { name } of block.attributes.toReversed()) {
    if (conventions.has(name.text)) {
      if (convention !== undefined) findings.report(rules.secondConvention, name.at, [name.text, convention]);
      convention ??= name.text;
    } else if (name.text !== 'dllimport') findings.report(rules.unknownFunctionAttribute, name.at, [name.text]);
    else if (isImport) findings.report(rules.duplicateFunctionAttribute, name.at, [name.text]);
    else isImport = true;
  }
}

const nonPortable: ReadonlySet<string> = new Set(['wchar_t', 'long double', 'long', 'unsigned long']);

function warnOfParameter(
  { declaration, name, type, isPointer, attributes }: Variable,
  owner: string,
  { types, findings }: CheckContext,
): void {
  const { base } = type;
  if (base.kind === 'basic' && nonPortable.has(base.name)) {
    findings.report(warnings.nonPortableType, type.at, [owner, base.name]);
  }
  if (!isPointer || attributes.has('user_check')) return;
  if (declaration.attributes === undefined) findings.report(warnings.pointerInFunction, name.at, [owner, name.text]);
  const isKnown =
    base.kind === 'basic' || types.composite(base.name.text) !== undefined || types.isEnum(base.name.text);
  if (type.pointers === 1 && (base.kind === 'named' || base.kind === 'struct') && !isKnown) {
    findings.report(warnings.foreignPointer, name.at, [owner, name.text, base.name.text]);
  }
}

import type { Findings } from '../findings/findings.ts';
import { extentRules as rules } from '../rules/extents.ts';
import { warningRules } from '../rules/warnings.ts';
import { flagAttributes } from '../syntax/names.ts';
import type { CompositeItem } from '../syntax/tree.ts';
import { checkAttributeWords } from './attributes.ts';
import type { Variable } from '../resolution/variable.ts';
import { ruleFor } from '../resolution/dialects.ts';
import { checkDimensions } from './dimensions.ts';

/** The rules of one member, without those of what its type contains. */
export function checkMember(member: Variable, owner: CompositeItem, findings: Findings): void {
  const { declaration, name, type, isPointer, isArray, attributes } = member;
  checkDimensions(member, findings);
  if (!isPointer && type.base.kind === 'basic' && type.base.name === 'void') {
    const kind = owner.kind === 'struct' && isArray ? 'array' : owner.kind;
    findings.report(rules.voidValue, name.at, [name.text, kind]);
  }
  if (owner.kind === 'union') {
    if (declaration.attributes !== undefined) findings.report(rules.unionAttributes, declaration.attributes.at);
    return;
  }
  const first = attributes.get('size') ?? attributes.get('count');
  if (declaration.attributes !== undefined) {
    checkAttributeWords(declaration.attributes, findings);
    checkMemberAttributes(member, first !== undefined, findings);
  }
  if (first === undefined) {
    if (isPointer) findings.report(warningRules.pointerInStruct, name.at, [owner.name.text, name.text]);
  } else if (isArray) findings.report(rules.memberArray, first.name.at, [name.text]);
  else if (!isPointer) {
    const words = [member.typeText, first.name.text, member.isNamed ? 'foreign' : 'own'];
    findings.report(rules.memberPlainType, first.name.at, words);
  }
}

function checkMemberAttributes({ attributes }: Variable, isSized: boolean, findings: Findings): void {
  for (const { name } of attributes.values()) {
    if (!flagAttributes.has(name.text)) continue;
    // Intel's compiler looks for each of the others, beside a size.
    const isIgnored = isSized && name.text === 'user_check';
    const words = [name.text, isSized ? 'sized' : 'unsized'];
    findings.report(ruleFor(rules.memberAttribute, isIgnored ? ['oe'] : ['oe', 'intel']), name.at, words);
  }
}

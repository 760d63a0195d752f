import { extentRules } from '../rules/extents.ts';
import { typeRules as rules } from '../rules/types.ts';
import { warningRules as warnings } from '../rules/warnings.ts';
import type { Dialect } from '../source/dialect.ts';
import { type Variable, directionOf } from '../resolution/variable.ts';
import { ruleFor } from '../resolution/dialects.ts';
import type { CheckContext } from './function.ts';
import type { CompositeEntry } from '../resolution/type-table.ts';

/**
 * How a parameter uses a structure of the file.
 *
 * @param isLinked whether the function is one of the enclave's: Intel's compiler looks at no others that an imported file has
 */
export function checkStructureUse(
  parameter: Variable,
  { owner, isLinked }: { readonly owner: string; readonly isLinked: boolean },
  { types, findings }: CheckContext,
): void {
  const { name, type, isPointer, isArray, attributes } = parameter;
  const composite = types.compositeOf(type.base);
  if (composite === undefined || composite.item.kind !== 'struct') return;
  const isNamed = type.base.kind === 'named';
  const words = [owner, composite.name, isNamed ? 'named' : 'struct'];
  if (!isPointer && hasAttributes(composite)) {
    const isSeen = isLinked && composite.isDeep && (isNamed || !isArray);
    const dialects: readonly Dialect[] = isSeen ? ['oe', 'intel'] : ['oe'];
    findings.report(ruleFor(rules.deepValue, dialects), type.at, words);
    if (isSeen) return;
  }
  const size = attributes.get('size');
  if (type.pointers === 1 && composite.isDeep && size !== undefined && directionOf(parameter) !== undefined) {
    findings.report(extentRules.deepSize, size.name.at, [composite.name]);
  }
  if (!isLinked) return;
  if (isNamed) findings.report(composite.isDeep ? rules.deepByName : warnings.structByName, type.at, words);
  else if (!isPointer && !isArray) {
    const isPartial = composite.members.some((member) => member.isPointer || member.isArray);
    if (isPartial) findings.report(warnings.partialCopy, name.at, words);
  } else if (type.pointers === 1 && composite.isDeep && directionOf(parameter) === 'out') {
    findings.report(rules.deepOut, name.at, words);
  }
}

const hasAttributes = ({ members }: CompositeEntry): boolean =>
  members.some(({ declaration }) => declaration.attributes !== undefined);

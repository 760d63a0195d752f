import type { Findings } from '../findings/findings.ts';
import type { EnumModel } from '../model/model.ts';
import { typeRules as rules } from '../rules/types.ts';
import type { EnumItem } from '../syntax/tree.ts';
import { isInteger } from './variable.ts';

/** Numbers of a model are exact. */
const largest = BigInt(Number.MAX_SAFE_INTEGER);
const mostOfNarrow = 2 ** 32 - 1;

/**
 * Enumerations with the values that C would count, in the order of the files.
 *
 * @returns with them, the values of all their names: lengths of arrays can name them
 */
export function enumModels(
  enums: readonly EnumItem[],
  findings: Findings,
): { readonly models: readonly EnumModel[]; readonly values: ReadonlyMap<string, number | undefined> } {
  const values = new Map<string, number | undefined>();
  const models = enums.map(({ name, members }): EnumModel => {
    let next: bigint | undefined = 0n;
    const counted = members.map((member): EnumModel['members'][number] => {
      const { text, at } = member.name;
      if (member.value !== undefined) next = valueOf(member.value, values);
      if (values.has(text)) findings.report(rules.twiceEnumerator, at, [text]);
      if (next !== undefined && next > largest) {
        findings.report(rules.enumRange, at, [text, String(next)]);
        next = undefined;
      }
      const value = next === undefined ? undefined : Number(next);
      values.set(text, value);
      if (next !== undefined) next++;
      return value === undefined ? { name: text } : { name: text, value };
    });
    const isWide = counted.some(({ value = 0 }) => value > mostOfNarrow);
    return { name: name?.text ?? '', ...(isWide ? { isWide } : {}), members: counted };
  });
  return { models, values };
}

function valueOf(
  value: NonNullable<EnumItem['members'][number]['value']>,
  values: ReadonlyMap<string, number | undefined>,
): bigint | undefined {
  if (isInteger(value)) return value.value;
  const known = values.get(value.text);
  return known === undefined ? undefined : BigInt(known);
}

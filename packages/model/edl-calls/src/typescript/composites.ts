import { memberText } from '../description/c-text.ts';
import type { CompositeModel, EnumModel } from '@enclos/edl-compiler';
import { docComment } from './lines.ts';
import { requireName, type ModuleNames } from './names.ts';
import { memberType, type TypeNames } from './types.ts';

/** A structure as an interface; a union as bytes, since nothing says which member counts. */
export function compositeText(
  composite: CompositeModel,
  { name, isFollowed }: { readonly name: string; readonly isFollowed: boolean },
  names: TypeNames,
): string {
  const { kind, members, isDeep } = composite;
  if (kind === 'union') {
    const lines = [`\`union ${composite.name}\` as bytes.`, ...members.map((member) => `- \`${memberText(member)}\``)];
    return `${docComment(lines)}\nexport type ${name} = Uint8Array;`;
  }
  const properties = members.map((member) => {
    const property = requireName(member.name, 'a member');
    return `${docComment([`\`${memberText(member)}\``], '  ')}\n  readonly ${property}: ${memberType(member, composite.name, isFollowed, names)};`;
  });
  return [
    docComment([`\`struct ${composite.name}\`${isDeep && !isFollowed ? ' where its pointers are not followed' : ''}`]),
    `export interface ${name} {`,
    ...properties,
    '}',
  ].join('\n');
}

/** The constants of an enumeration, and its type: any `int`, since C enumerations hold combinations of flags, too. */
export function enumText(item: EnumModel, name: string): string {
  const members = knownMembers(item).map(([member, value]) => `  ${requireName(member, 'an enumerator')}: ${value},`);
  return [
    docComment([`The constants of \`enum ${item.name}\`.`, ...missingLines(item)]),
    `export const ${name} = Object.freeze({${members.length === 0 ? '' : `\n${members.join('\n')}\n`}});`,
    docComment([`\`enum ${item.name}\`: one of its constants, or any other \`int\`.`]),
    `export type ${name} = number;`,
  ].join('\n');
}

/** The constants of an enumeration without a name. */
export function anonymousEnumText(item: EnumModel, names: ModuleNames): string {
  const constants = knownMembers(item).map(
    ([member, value]) => `export const ${names.claim(member, 'an enumerator')} = ${value};`,
  );
  const lines = ['Constants of an `enum` without a name.', ...missingLines(item)];
  return [docComment(lines), ...constants].join('\n');
}

function knownMembers({ members }: EnumModel): readonly (readonly [name: string, value: number])[] {
  return members.flatMap(({ name, value }) => (value === undefined ? [] : [[name, Math.trunc(value)] as const]));
}

function missingLines({ members }: EnumModel): readonly string[] {
  const missing = members.filter(({ value }) => value === undefined).map(({ name }) => name);
  return missing.length === 0 ? [] : [`C headers define the others: ${missing.join(', ')}.`];
}

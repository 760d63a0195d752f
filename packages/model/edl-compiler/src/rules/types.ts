import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const onlyOe = ['oe'] as const;
const onlyIntel = ['intel'] as const;

/** Rules of structures, unions and enumerations, and of how functions use them. */
export const typeRules = {
  duplicateType: {
    code: 'edl-duplicate-type',
    dialects: both,
    text: (name) => `Two types have the name "${name}".`,
    oe: (name) => `Duplicate type definition detected for ${name}`,
    intel: (name, kind) => (kind === 'struct' ? `duplicated structure definition \`${name}'` : undefined),
    hint: () => 'another name, or one definition in a file that both import',
  },
  secondAnonymousEnum: {
    code: 'edl-second-anonymous-enum',
    dialects: onlyOe,
    text: () => 'Open Enclave takes only one enumeration without a name.',
    oe: () => 'Duplicate type definition detected for ',
    hint: () => 'a name after "enum"',
  },
  recursive: {
    code: 'edl-recursive-type',
    dialects: both,
    text: (name, path) => `"${name}" contains itself: ${path}.`,
    hint: () => 'a pointer',
  },
  twiceMember: {
    code: 'edl-duplicate-member',
    dialects: both,
    text: (name) => `Two members have the name "${name}".`,
  },
  twiceEnumerator: {
    code: 'edl-duplicate-enumerator',
    dialects: both,
    text: (name) => `Two values of enumerations have the name "${name}"; in C, such names are global.`,
  },
  enumRange: {
    code: 'edl-enum-range',
    dialects: both,
    text: (name, value) => `The value of "${name}" is ${value}, and values up to 9007199254740991 are supported.`,
  },
  deepValue: {
    code: 'edl-deep-structure-by-value',
    dialects: both,
    text: (_function, type) =>
      `"${type}" has pointers that are followed, which only works when a pointer to it is passed.`,
    oe: (owner, type) =>
      `the structure declaration \`${type}' specifies a deep copy is expected. Referenced by value in function \`${owner}' detected.`,
    intel: (owner, type, isNamed) =>
      isNamed === 'named'
        ? `\`${type}' in function \`${owner}' is a structure and it specifies a deep copy. Use \`struct ${type}' instead.`
        : `the structure declaration "${type}" specifies a deep copy is expected. Referenced by value in function "${owner}" detected.`,
    hint: (_function, type) => `[in] struct ${type}*`,
  },
  deepOut: {
    code: 'edl-deep-structure-out',
    dialects: onlyIntel,
    text: (_function, type) => `Intel's compiler follows the pointers of "${type}" only when it goes in.`,
    intel: (owner, type, isNamed) =>
      isNamed === 'named'
        ? `\`${type}' in function \`${owner}' is a structure and it specifies a deep copy. Use \`struct ${type}' instead.`
        : `the structure declaration "${type}" specifies a deep copy, should not be used with an \`out' attribute in function "${owner}".`,
    hint: () => '[in, out]',
  },
  deepByName: {
    code: 'edl-deep-structure-by-name',
    dialects: onlyIntel,
    text: (_function, type) =>
      `"${type}" is a structure with pointers that are followed, so "struct" has to stand before it.`,
    intel: (owner, type) =>
      `\`${type}' in function \`${owner}' is a structure and it specifies a deep copy. Use \`struct ${type}' instead.`,
    hint: (_function, type) => `struct ${type}`,
  },
} as const satisfies Readonly<Record<string, Rule>>;

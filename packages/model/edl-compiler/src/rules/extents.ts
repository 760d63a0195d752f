import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const onlyOe = ['oe'] as const;
const onlyIntel = ['intel'] as const;

/** Rules of sizes and counts, of arrays, and of members of structures and unions. */
export const extentRules = {
  sizeAndCount: {
    code: 'edl-size-and-count',
    dialects: onlyOe,
    text: (_function, name) => `Open Enclave multiplies no "size" by a "count" for the parameter "${name}".`,
    oe: (owner) =>
      `Function \`${owner}': simultaneous \`size' and \`count' parameters \`size' and \`count' are not supported by oeedger8r.`,
    hint: () => 'count alone, for elements of the type, or size alone, for bytes',
  },
  /** Words: the name, whose it is, and the name that it may have been meant to be. */
  unknownName: {
    code: 'edl-size-name',
    dialects: both,
    text: (name) => `"${name}" is not declared here, so nothing holds the size.`,
    oe: (name) => `could not find declaration for \`${name}'.`,
    intel: (name, place) => (place === 'trusted' ? `parameter \`${name}' not found.` : undefined),
    hint: (_name, place, meant) =>
      meant ?? (place === 'trusted' || place === 'untrusted' ? 'the name of a parameter' : 'the name of a member'),
  },
  notInteger: {
    code: 'edl-size-type',
    dialects: both,
    text: (name, type) => `"${name}" cannot hold a size: it is "${type}".`,
    oe: (_name, _type, isAccepted) => (isAccepted === 'accepted' ? undefined : 'size/count has invalid type.'),
    hint: () => 'size_t',
  },
  deepSize: {
    code: 'edl-size-of-deep-pointer',
    dialects: onlyOe,
    text: (name) => `"${name}" is copied with what it points to, so its pointers need "count", not "size".`,
    oe: (name) => `size attributes are invalid for the pointer of an user-defined type \`${name}'`,
    hint: () => 'count=NAME, in structures',
  },
  memberAttribute: {
    code: 'edl-member-attribute',
    dialects: both,
    text: (name) => `Members of structures can have "size" and "count"; "${name}" is only for parameters.`,
    oe: (name) =>
      name === 'readonly'
        ? "unknown attribute: `readonly'"
        : "only `count' and `size' attributes can be specified for struct properties",
    intel: (name, hasSize) => {
      if (hasSize !== 'sized') return 'size/count attributes must be used';
      if (name === 'in' || name === 'out') return 'direction attribute is not allowed for structure member.';
      if (name === 'wstring') return "'wstring' attribute is not allowed for structure member.";
      return name === 'isptr' || name === 'isary'
        ? `'${name}', attribute is not allowed for structure member.`
        : `'${name}'attribute is not allowed for structure member.`;
    },
    hint: () => 'size=NAME or count=NAME, with the member that holds the number',
  },
  memberPlainType: {
    code: 'edl-size-of-plain-member',
    dialects: both,
    text: (type, name) => `"${name}" is for pointers; a member of the type "${type}" is part of its structure.`,
    oe: (type, name, isForeign) =>
      isForeign === 'foreign'
        ? `\`${name}' is invalid for plain type \`${type}'`
        : `unexpected pointer attributes for \`${type}'`,
    intel: (type, _name, isForeign) =>
      isForeign === 'foreign' || type === 'bool'
        ? `\`${type}' is considered plain type but decorated with pointer attributes`
        : `'${type}' specified deep copy, but it's not a pointer`,
    hint: () => 'no attributes, or a pointer',
  },
  memberArray: {
    code: 'edl-size-of-array-member',
    dialects: both,
    text: (name) => `The array "${name}" is part of its structure and is copied whole; it has no size to say.`,
    hint: () => 'no attributes',
  },
  unionAttributes: {
    code: 'edl-union-attributes',
    dialects: both,
    text: () => 'Members of unions have no attributes.',
    oe: () => 'attributes are not allowed for unions',
    intel: () => 'unexpected token: [',
    hint: () => 'a structure, when a pointer has to be followed',
  },
  voidValue: {
    code: 'edl-void-value',
    dialects: both,
    text: (name) => `"${name}" cannot have the type "void".`,
    intel: (name, kind) => {
      if (kind === 'array') return undefined;
      return kind === 'union' ? `union member \`${name}' has \`void' type.` : `parameter \`${name}' has \`void' type.`;
    },
    hint: () => 'void* for a pointer',
  },
  flexibleArray: {
    code: 'edl-flexible-array',
    dialects: both,
    text: (name) => `The array "${name}" has no length.`,
    oe: () => 'expecting array dimension, got ]',
    intel: () => 'Flexible array is not supported.',
    hint: () => 'a length, or a pointer with count=NAME',
  },
  zeroArray: {
    code: 'edl-zero-length-array',
    dialects: onlyIntel,
    text: (name) => `The array "${name}" has no elements.`,
    intel: () => 'Zero-length array is not supported.',
    hint: () => 'a length of at least 1',
  },
  namedDimension: {
    code: 'edl-named-array-length',
    dialects: onlyIntel,
    text: (name) => `"${name}" is not a number, which Intel's compiler needs as the length of an array.`,
    intel: (name) => `unexpected token: ${name}`,
    hint: () => 'the number',
  },
  numberRange: {
    code: 'edl-number-too-large',
    dialects: both,
    text: (number) => `${number} is larger than any size of memory.`,
  },
  tooDeep: {
    code: 'edl-type-too-deep',
    dialects: both,
    text: (name) => `The type of "${name}" has more than 64 asterisks, or dimensions.`,
  },
  arrayReturned: {
    code: 'edl-array-returned',
    dialects: both,
    text: (name) => `The function "${name}" cannot return an array.`,
    oe: () => 'expecting function name, got [',
    intel: (name) => `${name}: returning an array is not supported - use pointer instead.`,
    hint: () => 'an [out] parameter',
  },
} as const satisfies Readonly<Record<string, Rule>>;

import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const onlyOe = ['oe'] as const;
const onlyIntel = ['intel'] as const;

/** Rules of what may stand in the brackets before a parameter. The words of each: see where it is reported. */
export const attributeRules = {
  /** Words: the attribute, and what it may have been meant to be. */
  unknownAttribute: {
    code: 'edl-unknown-attribute',
    dialects: both,
    text: (name) => `There is no attribute "${name}".`,
    oe: (name) => `unknown attribute: \`${name}'`,
    intel: (name) => `unknown attribute: ${name}`,
    hint: (_name, meant) => meant ?? 'in, out, size, count, string, wstring, user_check, isptr, isary or readonly',
  },
  sizefunc: {
    code: 'edl-sizefunc',
    dialects: both,
    text: () => 'The attribute "sizefunc" was taken out of the language.',
    oe: () => "The attribute 'sizefunc' is deprecated. Please use 'size' attribute instead.",
    intel: () => "The attribute 'sizefunc' is deprecated. Please use 'size' attribute instead.",
    hint: () => 'a parameter that holds the size, and size=NAME',
  },
  readonlyAttribute: {
    code: 'edl-readonly-attribute',
    dialects: onlyOe,
    text: () => 'Open Enclave has no attribute "readonly".',
    oe: () => "unknown attribute: `readonly'",
    hint: () => 'a pointer to const in place of the typedef',
  },
  duplicateAttribute: {
    code: 'edl-duplicate-attribute',
    dialects: both,
    text: (name) => `The attribute "${name}" stands here twice.`,
    oe: (name) => `duplicated attribute: \`${name}'`,
    intel: (name) => `duplicated attribute: \`${name}'`,
  },
  plainType: {
    code: 'edl-attributes-of-plain-type',
    dialects: both,
    text: (type, name) => `"${name}" is for pointers and arrays; "${type}" is passed by value.`,
    oe: (type, name, isForeign) => {
      if (name === 'user_check') return `\`user_check' attribute is invalid for plain type \`${type}'`;
      if (isForeign === 'foreign') return `\`${name}' is invalid for plain type \`${type}'`;
      return `unexpected pointer attributes for \`${type}'`;
    },
    // To Intel's compiler `bool` is one of the names that C headers define.
    intel: (type, _name, isForeign) =>
      isForeign === 'foreign' || type === 'bool'
        ? `\`${type}' is considered plain type but decorated with pointer attributes`
        : `unexpected pointer attributes for \`${type}'`,
    hint: (type, _name, isForeign) =>
      isForeign === 'foreign' ? `no attributes, or isptr when ${type} is a pointer` : 'no attributes',
  },
  sizeWithoutDirection: {
    code: 'edl-size-without-direction',
    dialects: both,
    text: (name) => `"${name}" says how much is copied, but not in which direction.`,
    oe: () => 'size/count attributes must be used with pointer direction',
    intel: () => 'size/string attributes must be used with pointer direction',
    hint: (name) => `in, out, or both, before ${name}`,
  },
  stringWithoutDirection: {
    code: 'edl-string-without-direction',
    dialects: both,
    text: (name) => `"${name}" needs a direction.`,
    oe: () => 'string/wstring attributes must be used with pointer direction',
    intel: () => 'size/string attributes must be used with pointer direction',
    hint: (name) => `[in, ${name}], or [in, out, ${name}]`,
  },
  stringOutOnly: {
    code: 'edl-string-out-only',
    dialects: both,
    text: (name) => `A ${name} that only comes out has no length before the call.`,
    oe: () => "string/wstring attribute should be used with an `in' attribute",
    intel: () => "string/wstring should be used with an `in' attribute",
    hint: (name) => `[in, out, ${name}], or [out, size=NAME] for a buffer`,
  },
  sizeWithString: {
    code: 'edl-size-with-string',
    dialects: both,
    text: (name) => `A ${name} ends at its terminator; "size" and "count" cannot stand beside it.`,
    oe: () => 'size attributes are mutually exclusive with (w)string attribute',
    intel: () => 'size attributes are mutual exclusive with (w)string attribute',
    hint: (name) => `${name} for text, or size for bytes`,
  },
  stringWithWstring: {
    code: 'edl-string-with-wstring',
    dialects: both,
    text: () => '"string" and "wstring" exclude each other.',
    oe: () => "`string' and `wstring' are mutually exclusive",
    intel: () => "`string' and `wstring' are mutual exclusive",
    hint: () => 'string for char*, wstring for wchar_t*',
  },
  stringType: {
    code: 'edl-string-type',
    dialects: both,
    text: (_function, name) => `"${name}" is not a "char*", so it cannot be a string.`,
    oe: (_function, name) => `invalid \`string' attribute - \`${name}' is not char pointer`,
    intel: (owner, name) => `\`${owner}': invalid 'string' attribute - \`${name}' is not char pointer.`,
    hint: () => 'char*, or size=NAME for bytes',
  },
  wstringType: {
    code: 'edl-wstring-type',
    dialects: both,
    text: (_function, name) => `"${name}" is not a "wchar_t*", so it cannot be a wide string.`,
    oe: (_function, name) => `invalid \`wstring' attribute - \`${name}' is not wchar_t pointer`,
    intel: (owner, name) => `\`${owner}': invalid 'wstring' attribute - \`${name}' is not wchar_t pointer.`,
    hint: () => 'wchar_t*, or size=NAME for bytes',
  },
  directionWithUserCheck: {
    code: 'edl-direction-with-user-check',
    dialects: both,
    text: () => 'What is "user_check" is not copied, so it has no direction.',
    oe: () => "pointer direction and `user_check' are mutually exclusive",
    intel: () => "pointer direction and `user_check' are mutual exclusive",
    hint: () => 'a direction: user_check leaves every check to the enclave',
  },
  noDirection: {
    code: 'edl-pointer-without-direction',
    dialects: onlyIntel,
    text: (name) => `"${name}" is a pointer or an array, and nothing says in which direction it is copied.`,
    intel: () => "pointer/array should have direction attribute or `user_check'",
    hint: (name) => `[in], [out], [in, out], or [user_check] when the enclave checks ${name} itself`,
  },
  typedefWithoutDirection: {
    code: 'edl-typedef-without-direction',
    dialects: both,
    text: (name) => `"${name}" needs a direction, or "user_check".`,
    oe: (name) => `\`${name}' should have direction attribute or \`user_check'`,
    intel: (name) =>
      name === 'isary'
        ? "array must have direction attribute or `user_check'"
        : "pointer/array should have direction attribute or `user_check'",
    hint: (name) => `[in, ${name}], [out, ${name}], or [user_check, ${name}]`,
  },
  typedefTwice: {
    code: 'edl-isptr-with-isary',
    dialects: both,
    text: () => 'A type is a pointer or an array, not both.',
    oe: () => "`isary' cannot be used with `isptr' together",
    intel: (isString) =>
      `\`isary' cannot be used with \`${isString === 'string' ? 'string/wstring' : 'isptr'}' together`,
    hint: () => 'isptr for a pointer, isary for an array',
  },
  typedefType: {
    code: 'edl-typedef-attribute-type',
    dialects: both,
    text: (name, type) => `"${name}" is for names of types from C headers; "${type}" is not one.`,
    oe: (name, type) => `\`${name}' attribute is only valid for user defined type, not for \`${type}'`,
    intel: (name, type) => `'${name}', attributes are only for user defined type, not for \`${type}'.`,
    hint: (name) => `the same without ${name}`,
  },
  pointerArray: {
    code: 'edl-pointer-array',
    dialects: both,
    text: (_function, name) => `"${name}" is an array of pointers: what they point to would not be copied.`,
    oe: (_function, name) => `invalid parameter - \`${name}' is a pointer array`,
    intel: (owner, name) => `\`${owner}': Pointer array not allowed - \`${name}' is a pointer array.`,
    hint: () => 'a parameter for each pointer, or a structure with a pointer and its count',
  },
  sizeOfTypedefArray: {
    code: 'edl-size-of-isary',
    dialects: onlyIntel,
    text: (name) => `A type that is an array has its length; "${name}" cannot stand beside "isary".`,
    intel: () => 'Pointer size attributes cannot be used with foreign array',
    hint: () => 'the direction and isary alone',
  },
  attributeOfArray: {
    code: 'edl-attribute-of-declared-array',
    dialects: onlyIntel,
    text: (_function, name, attribute) => `"${name}" is a declared array; "${attribute}" cannot stand beside that.`,
    intel: (owner, name, attribute) =>
      `\`${owner}': invalid '${attribute}' attribute - \`${name}' is explicitly declared array.`,
    hint: () => 'the direction alone',
  },
  voidPointerSize: {
    code: 'edl-void-pointer-without-size',
    dialects: onlyIntel,
    text: (_function, name) => `Nothing says how many bytes "${name}" points to.`,
    intel: (owner, name) => `\`${owner}': void pointer \`${name}' - buffer size unknown`,
    hint: () => 'size=NUMBER, or size=NAME with the parameter that holds the number of bytes',
  },
  readonlyType: {
    code: 'edl-readonly-type',
    dialects: onlyIntel,
    text: (type) => `"readonly" is for names of types from C headers; "${type}" is not one.`,
    intel: (type) => `'readonly', attributes are only for user defined type, not for \`${type}'.`,
    hint: () => 'const before the type',
  },
  readonlyAlone: {
    code: 'edl-readonly-without-isptr',
    dialects: onlyIntel,
    text: () => '"readonly" is only for a type that is a pointer.',
    intel: () => "'readonly' attribute is only used with 'isptr' attribute.",
    hint: () => '[in, isptr, readonly]',
  },
  readonlyOut: {
    code: 'edl-readonly-out',
    dialects: onlyIntel,
    text: (_function, name) => `"${name}" is const, so nothing can be written to it.`,
    intel: (owner, name) => `\`${owner}': \`${name}' is readonly - cannot be used with \`out'`,
    hint: () => '[in], or the pointer without const',
  },
} as const satisfies Readonly<Record<string, Rule>>;

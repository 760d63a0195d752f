import type { Rule } from '../findings/rule.ts';

const both = ['oe', 'intel'] as const;
const onlyOe = ['oe'] as const;
const onlyIntel = ['intel'] as const;
const warning = 'warning';

/** What is accepted, and probably not meant. */
export const warningRules = {
  unsupportedAllow: {
    code: 'edl-unsupported-allow',
    dialects: onlyOe,
    severity: warning,
    family: 'unsupported-allow',
    text: (name) => `Open Enclave ignores what "${name}" allows.`,
    oe: (name) => `Function \`${name}': the \`allow' syntax is currently unsupported. Ignored [-Wunsupported-allow].`,
    hint: () => 'no allow',
  },
  nonPortableType: {
    code: 'edl-non-portable-type',
    dialects: onlyOe,
    severity: warning,
    family: 'non-portable-type',
    text: (_function, type) => `"${type}" has another size on Windows than on Linux.`,
    oe: (owner, type) =>
      `warning: Function \`${owner}': \`${type}' has different sizes on Windows and Linux. This enclave cannot be built in Linux and then safely loaded in Windows [-Wnon-portable-type].`,
    hint: () => 'a type with its size in its name, such as int64_t',
  },
  returnedPointer: {
    code: 'edl-return-pointer',
    dialects: onlyOe,
    severity: warning,
    family: 'return-ptr',
    text: (name) => `"${name}" returns an address of its side of the boundary.`,
    oe: (name) =>
      `Function \`${name}': The function returns a pointer, which could expose memory addresses across the host-enclave boundary. Consider passing the pointer as an out parameter instead [-Wreturn-ptr].`,
    hint: () => 'an [out] parameter',
  },
  pointerInStruct: {
    code: 'edl-pointer-in-struct',
    dialects: onlyOe,
    severity: warning,
    family: 'ptr-in-struct',
    text: (_struct, name) => `"${name}" is a pointer that is not followed: its address is copied.`,
    oe: (owner, name) =>
      `struct \`${owner}': The member \`${name}' is a pointer that is not serializable. Consider annotating the member with the \`count' or \`size' attribute [-Wptr-in-struct].`,
    hint: () => '[count=NAME], with the member that holds the number of elements',
  },
  pointerInFunction: {
    code: 'edl-pointer-in-function',
    dialects: onlyOe,
    severity: warning,
    family: 'ptr-in-function',
    text: (_function, name) => `"${name}" is a pointer without a direction: its address is passed, unchecked.`,
    oe: (owner, name) =>
      `Function \`${owner}': \`${name}' is a pointer that is not serializable. Consider annotating the parameter with the direction annotation [-Wptr-in-function].`,
    hint: () => '[in], [out], or [user_check] when it is meant so',
  },
  foreignPointer: {
    code: 'edl-foreign-type-pointer',
    dialects: onlyOe,
    severity: warning,
    family: 'foreign-type-ptr',
    text: (_function, name, type) => `"${name}" points to "${type}", and pointers in that are not followed.`,
    oe: (owner, name, type) =>
      `Function \`${owner}': \`${name}' is a pointer of a foreign type \`${type}' that may not be serializable. Consider defining the type in the EDL file with proper annotations [-Wforeign-type-ptr].`,
    hint: () => 'a structure that is defined in the EDL file',
  },
  signedSize: {
    code: 'edl-signed-size',
    dialects: onlyOe,
    severity: warning,
    family: 'signed-size-or-count',
    text: (_kind, _owner, name) => `"${name}" holds a size and can be negative.`,
    oe: (kind, owner, name) =>
      `${kind} \`${owner}': The size or count parameter \`${name}' should not be signed [-Wsigned-size-or-count].`,
    hint: () => 'size_t',
  },
  floatingSize: {
    code: 'edl-floating-size',
    dialects: both,
    severity: warning,
    family: 'floating-size',
    text: (name, type) => `"${name}" holds a size and is a number with fractions, "${type}".`,
    hint: () => 'size_t',
  },
  unusedPrivate: {
    code: 'edl-unused-private-ecall',
    dialects: onlyIntel,
    severity: warning,
    family: 'private-ecall',
    text: (name) => `Nothing can call "${name}": it is private, and no untrusted function allows it.`,
    intel: (name) => `warning: private ECALL \`${name}' is not used by any OCALL`,
    hint: (name) => `public, or allow(${name}) after an untrusted function`,
  },
  partialCopy: {
    code: 'edl-partial-copy',
    dialects: onlyIntel,
    severity: warning,
    family: 'partial-copy',
    text: (_function, type) => `"${type}" is passed by value: what its pointers point to is not copied.`,
    intel: (owner, type) =>
      `warning: the structure "${type}" is referenced by value in function "${owner}". Part of the data may not be copied.`,
    hint: (_function, type) => `[in] struct ${type}*, with count=NAME for its pointers`,
  },
  deepMember: {
    code: 'edl-deep-member-by-value',
    dialects: both,
    severity: warning,
    family: 'partial-copy',
    text: (name, type) =>
      `The pointers of "${type}" are not followed in the member "${name}", which holds it by value.`,
    hint: () => 'a pointer with count=1, or the members themselves',
  },
  structByName: {
    code: 'edl-structure-by-name',
    dialects: onlyIntel,
    severity: warning,
    family: 'struct-by-name',
    text: (_function, type) => `"${type}" is a structure of this file, without "struct" before it.`,
    intel: (owner, type) =>
      `warning: \`${type}' in function \`${owner}' is a structure. Use \`struct ${type}' instead.`,
    hint: (_function, type) => `struct ${type}`,
  },
  fileName: {
    code: 'edl-file-name',
    dialects: onlyIntel,
    severity: warning,
    family: 'file-name',
    text: (_file, name) => `The name of the file, "${name}", is not a name in C.`,
    intel: (file, name) => `warning: ${file}: file short name \`${name}' is not a valid C identifier`,
    hint: () => 'letters, digits and underscores, with a letter in front',
  },
  functionOrder: {
    code: 'edl-function-order',
    dialects: both,
    severity: warning,
    family: 'function-order',
    text: (kind) =>
      `The two compilers number the ${kind} functions of this file differently. Intel's numbers are taken.`,
    hint: () => 'the functions of an import in the order of their file, or one dialect',
  },
  deepDepth: {
    code: 'edl-deep-copy-depth',
    dialects: both,
    severity: warning,
    family: 'dialect-difference',
    text: (name, type) =>
      `Open Enclave follows the pointers of "${type}" that "${name}" leads to; Intel's compiler copies their addresses.`,
    hint: () => 'one level of pointers, or one dialect',
  },
} as const satisfies Readonly<Record<string, Rule>>;

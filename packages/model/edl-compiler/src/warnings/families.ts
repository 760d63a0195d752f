/** Warnings that can be turned on and off by themselves: whether one is shown without being asked for, and what it is about. */
export const warningFamilies = {
  'non-portable-type': { isDefault: true, about: 'types whose size differs between Windows and Linux' },
  'signed-size-or-count': { isDefault: true, about: 'sizes and counts that can be negative' },
  'floating-size': { isDefault: true, about: 'sizes and counts that are floating-point numbers' },
  'foreign-type-ptr': { isDefault: false, about: 'pointers to types that only a C header defines' },
  'ptr-in-struct': { isDefault: false, about: 'pointers in structures that are not followed' },
  'ptr-in-function': { isDefault: false, about: 'pointers that are passed unchecked' },
  'return-ptr': { isDefault: false, about: 'functions that return pointers' },
  'unsupported-allow': { isDefault: false, about: '"allow", which Open Enclave ignores' },
  'private-ecall': { isDefault: true, about: 'private functions that nothing can call' },
  'partial-copy': { isDefault: true, about: 'structures by value whose pointers are not followed' },
  'struct-by-name': { isDefault: true, about: 'structures of the file without "struct" before their names' },
  'ignored-text': {
    isDefault: true,
    about: 'text after the enclave, which Open Enclave ignores, and after a directive, which Intel ignores',
  },
  'file-name': { isDefault: true, about: 'names of files that are not names in C' },
  'function-order': { isDefault: true, about: 'functions that the two compilers number differently' },
  'dialect-difference': { isDefault: false, about: 'what only one of the two compilers accepts, or understands so' },
} as const satisfies Readonly<Record<string, { readonly isDefault: boolean; readonly about: string }>>;

export type WarningFamily = keyof typeof warningFamilies;

export function isWarningFamily(name: string): name is WarningFamily {
  return Object.hasOwn(warningFamilies, name);
}

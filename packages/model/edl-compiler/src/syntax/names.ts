import type { BasicTypeName } from './tree.ts';

/** Types of one word. */
export const oneWordTypes: ReadonlyMap<string, BasicTypeName> = new Map(
  (
    [
      'void',
      'bool',
      'float',
      'double',
      'wchar_t',
      'size_t',
      'int8_t',
      'int16_t',
      'int32_t',
      'int64_t',
      'uint8_t',
      'uint16_t',
      'uint32_t',
      'uint64_t',
    ] as const
  ).map((name) => [name, name]),
);

/** Words of C that begin a type, or belong to one, and so are never the name of anything. */
export const typeWords: ReadonlySet<string> = new Set([
  'char',
  'short',
  'int',
  'long',
  'unsigned',
  'struct',
  'union',
  'enum',
  'const',
  ...[...oneWordTypes.keys()].filter((name) => name !== 'bool'),
]);

/** Words that Intel's lexer keeps for itself, besides those of types. */
export const intelKeywords: ReadonlySet<string> = new Set([
  'enclave',
  'trusted',
  'untrusted',
  'from',
  'import',
  'allow',
  'public',
  'transition_using_threads',
  'include',
  'propagate_errno',
]);

/** Attributes of parameters that have no value. */
export const flagAttributes: ReadonlySet<string> = new Set(
  'in out string wstring isptr isary readonly user_check'.split(' '),
);

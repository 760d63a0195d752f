import { basicForms } from '../layout/basic.ts';
import type { KnownType } from '../layout/sizes.ts';
import type { CType, Extent, MemberModel, ParameterModel } from '../model/model.ts';
import type { BasicTypeName } from '../syntax/tree.ts';

/** What a module knows of types. */
export interface TypeNames {
  /** The name of a structure or an enumeration in the module; undefined for one that the file does not define. */
  readonly nameOf: (kind: 'struct' | 'enum', name: string) => string | undefined;
  /**
   * Follows the names of foreign types.
   * @throws EDL_LAYOUT_UNKNOWN
   */
  readonly resolve: (type: CType) => KnownType;
  /** Whether an address that is not checked was allowed by name: `FUNCTION.PARAMETER`, `FUNCTION.return`, `STRUCTURE.MEMBER`. */
  readonly isAllowed: (name: string) => boolean;
}

/** The type of one value in TypeScript; `void` for none. `path` is what an address in it is allowed by. */
export function valueType(type: CType, path: string, names: TypeNames): string {
  const known = names.resolve(type);
  switch (known.kind) {
    case 'basic':
      return basicType(known.name);
    case 'enum':
      return names.nameOf('enum', known.name) ?? 'number';
    case 'struct':
      return names.nameOf('struct', known.name) ?? 'Uint8Array';
    case 'union':
    case 'opaque':
      return 'Uint8Array';
    case 'pointer':
      return addressType(path, names);
    case 'array':
      return severalType(known.of, path, names);
  }
}

/** The type of an address that is not checked. */
function addressType(path: string, names: TypeNames): string {
  return names.isAllowed(path) ? 'ArenaHandle | null' : 'null';
}

/** The type of what a pointer or an array leads to, or null. */
function memoryType(
  { element, extent, path }: { readonly element: CType; readonly extent: Extent; readonly path: string },
  names: TypeNames,
): string {
  const isOne = extent.size === undefined && extent.count === undefined && extent.elements.length === 0;
  const isBytes = element.kind === 'basic' && element.name === 'void';
  return isOne && !isBytes ? valueType(element, path, names) : severalType(element, path, names);
}

/** The type of a parameter in TypeScript, without null where it is a pointer that is followed. */
export function passedType({ name, type, passing }: ParameterModel, called: string, names: TypeNames): string {
  const path = `${called}.${name}`;
  switch (passing.kind) {
    case 'value':
      return valueType(type, path, names);
    case 'unchecked':
      return addressType(path, names);
    case 'string':
      return 'string';
    case 'buffer':
      return memoryType({ ...passing, path }, names);
  }
}

/** The type of a member of a structure. */
export function memberType({ name, type, extent }: MemberModel, structure: string, names: TypeNames): string {
  const path = `${structure}.${name}`;
  const known = names.resolve(type);
  if (extent === undefined || known.kind !== 'pointer') return valueType(type, path, names);
  return orNull(memoryType({ element: known.to, extent, path }, names));
}

export function orNull(type: string): string {
  return type === 'null' || type.endsWith('| null') ? type : `${type} | null`;
}

/** The type of several values side by side. */
function severalType(element: CType, path: string, names: TypeNames): string {
  const known = names.resolve(element);
  const numbers = known.kind === 'basic' ? numbersClass(known.name) : undefined;
  if (numbers !== undefined) return numbers;
  if (known.kind === 'enum') return 'Int32Array';
  if (known.kind === 'opaque') return 'Uint8Array';
  const one = valueType(known, path, names);
  return /[ |]/.test(one) ? `readonly (${one})[]` : `readonly ${one}[]`;
}

function basicType(name: BasicTypeName): string {
  const { kind, bytes } = basicForms[name];
  switch (kind) {
    case 'void':
      return 'void';
    case 'bool':
      return 'boolean';
    case 'long double':
      return 'Uint8Array';
    case 'float':
      return 'number';
    default:
      return bytes === 8 ? 'bigint' : 'number';
  }
}

/** The class of several numbers; undefined for what is not a number. */
function numbersClass(name: BasicTypeName): string | undefined {
  const { kind, bytes } = basicForms[name];
  switch (kind) {
    case 'void':
      return 'Uint8Array';
    case 'bool':
    case 'long double':
      return undefined;
    case 'float':
      return `Float${bytes * 8}Array`;
    default: {
      // Text and bytes are the same in C: char is bytes, whatever its sign.
      if (name === 'char') return 'Uint8Array';
      const sign = kind === 'signed' ? 'Int' : 'Uint';
      return `${bytes === 8 ? 'Big' : ''}${sign}${bytes * 8}Array`;
    }
  }
}

import { isEnclosError } from '@enclos/errors';
import { basicForms } from '../layout/basic.ts';
import type { KnownType } from '../layout/sizes.ts';
import type { BasicTypeName, CType, Extent, MemberModel, ParameterModel } from '@enclos/edl-compiler';

/** What a module knows of types. */
export interface TypeNames {
  /**
   * The name of a structure in the module. One whose pointers are not followed where it stands has another name.
   * @throws EDL_LAYOUT_UNKNOWN
   */
  readonly structName: (name: string, isFollowed: boolean) => string;
  /** The name of an enumeration; undefined for one that the file does not define. */
  readonly enumName: (name: string) => string | undefined;
  /**
   * Follows the names of foreign types.
   * @throws EDL_LAYOUT_UNKNOWN
   */
  readonly resolve: (type: CType) => KnownType;
  /** Whether an address that is not checked was allowed by name: `FUNCTION.PARAMETER`, `FUNCTION.return`, `STRUCTURE.MEMBER`. */
  readonly isAllowed: (name: string) => boolean;
  /** Whether pointers in what a followed pointer leads to are followed, too: Open Enclave does, Intel's SDK does not. */
  readonly followsDeeply: boolean;
}

/** Where a type stands. */
interface Spot {
  /** What an address is allowed by. */
  readonly path: string;
  /** Whether pointers in a structure are followed. */
  readonly isFollowed: boolean;
}

/** The type of one value in TypeScript, passed by value; `void` for none. `path` is what an address is allowed by. */
export function valueType(type: CType, path: string, names: TypeNames): string {
  return oneType(type, { path, isFollowed: false }, names);
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
      return memoryType(passing.element, passing.extent, { path, isFollowed: true }, names);
  }
}

/** The type of a member of a structure. */
export function memberType(member: MemberModel, structure: string, isFollowed: boolean, names: TypeNames): string {
  const { name, type, extent } = member;
  const path = `${structure}.${name}`;
  if (extent === undefined || !isFollowed) return valueType(type, path, names);
  const known = names.resolve(type);
  if (known.kind !== 'pointer') return valueType(type, path, names);
  return orNull(memoryType(known.to, extent, { path, isFollowed: names.followsDeeply }, names));
}

export function orNull(type: string): string {
  return type === 'null' || type.endsWith('| null') ? type : `${type} | null`;
}

function oneType(type: CType, spot: Spot, names: TypeNames): string {
  const known = names.resolve(type);
  switch (known.kind) {
    case 'basic':
      return basicType(known.name);
    case 'enum':
      return names.enumName(known.name) ?? 'number';
    case 'struct':
      return names.structName(known.name, spot.isFollowed);
    case 'union':
    case 'opaque':
      return 'Uint8Array';
    case 'pointer':
      return addressType(spot.path, names);
    case 'array':
      return severalType(known.of, { ...spot, isFollowed: false }, names);
  }
}

/** The type of an address that is not checked. */
function addressType(path: string, names: TypeNames): string {
  return names.isAllowed(path) ? 'ArenaHandle | null' : 'null';
}

/** The type of what a pointer or an array leads to, without null. */
function memoryType(element: CType, extent: Extent, spot: Spot, names: TypeNames): string {
  if (extent.size !== undefined && !isKnown(element, names)) return 'Uint8Array';
  const isOne = extent.size === undefined && extent.count === undefined && extent.elements.length === 0;
  const isBytes = element.kind === 'basic' && element.name === 'void';
  return isOne && !isBytes ? oneType(element, spot, names) : severalType(element, spot, names);
}

/** A type that only a C header knows is bytes where `size` says how many. */
function isKnown(type: CType, names: TypeNames): boolean {
  try {
    names.resolve(type);
    return true;
  } catch (error) {
    if (isEnclosError(error, 'EDL_LAYOUT_UNKNOWN')) return false;
    throw error;
  }
}

/** The type of several values side by side. */
function severalType(element: CType, spot: Spot, names: TypeNames): string {
  const known = names.resolve(element);
  const numbers = known.kind === 'basic' ? numbersClass(known.name) : undefined;
  if (numbers !== undefined) return numbers;
  if (known.kind === 'opaque') return 'Uint8Array';
  const one = oneType(element, spot, names);
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

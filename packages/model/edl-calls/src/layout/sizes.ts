import { EnclosError } from '@enclos/errors';
import type { CompositeModel, CType, EdlModel, EnumModel, Length } from '@enclos/edl-compiler';
import { basicForms } from './basic.ts';
import { type ForeignType, type ForeignTypes, knownForeignTypes } from './foreign.ts';
import { parseTypedef } from './typedef.ts';

/** Bytes that a type takes, and the multiple that its address is of. */
export interface TypeSize {
  readonly bytes: number;
  readonly alignment: number;
}

/** A member of a structure: where it begins, and its size. */
export interface FieldLayout extends TypeSize {
  readonly name: string;
  readonly offset: number;
}

export interface StructLayout extends TypeSize {
  /** As C writes it: `struct point`, `ms_seal_t`. */
  readonly name: string;
  readonly fields: readonly FieldLayout[];
}

/** A type whose foreign names are resolved; `opaque` is one of which only the size is known. */
export type KnownType = Exclude<CType, { readonly kind: 'foreign' }> | OpaqueType;

interface OpaqueType extends TypeSize {
  readonly kind: 'opaque';
}

/** No call carries a structure of this size; sums of sizes below it are exact. */
const MAX_BYTES = 2 ** 31;
const POINTER: TypeSize = { bytes: 8, alignment: 8 };

/** Sizes of the types of one model. */
export class TypeSizes {
  readonly #composites: ReadonlyMap<string, CompositeModel>;
  readonly #enums: ReadonlyMap<string, EnumModel>;
  readonly #enumerators: ReadonlyMap<string, number | undefined>;
  readonly #foreign: ForeignTypes;
  readonly #layouts = new Map<string, StructLayout | 'begun'>();

  constructor(model: EdlModel, foreign: ForeignTypes = {}) {
    this.#composites = new Map(model.composites.map((composite) => [composite.name, composite]));
    this.#enums = new Map(model.enums.filter(({ name }) => name !== '').map((item) => [item.name, item]));
    const enumerators = model.enums.flatMap(({ members }) => members);
    this.#enumerators = new Map(enumerators.map(({ name, value }) => [name, value]));
    this.#foreign = foreign;
  }

  /** @throws EDL_LAYOUT_UNKNOWN */
  compositeOf(name: string): CompositeModel {
    return this.#composites.get(name) ?? unknown(name);
  }

  /** @throws EDL_LAYOUT_UNKNOWN */
  enumOf(name: string): EnumModel {
    return this.#enums.get(name) ?? unknown(name);
  }

  /**
   * Follows the names of foreign types.
   *
   * @throws EDL_LAYOUT_UNKNOWN when one is not told, or is told by itself
   */
  resolve(type: CType): KnownType {
    let found = type;
    for (const seen = new Set<string>(); ;) {
      const name = this.#foreignName(found);
      // A foreign type always has a name to be told by.
      if (name === undefined) return found as KnownType;
      if (seen.has(name)) throw layoutUnknown(`The foreign type "${name}" stands for itself.`, name);
      seen.add(name);
      const told = this.#told(name);
      if (told === undefined) found = this.#pointee(name);
      else if ('bytes' in told) return opaque(name, told);
      else if ('type' in told) found = parseTypedef(told.type) ?? malformed(name, told.type);
      else throw layoutUnknown(`"${name}" is told as a constant, and is needed as a type.`, name);
    }
  }

  /** @throws EDL_LAYOUT_UNKNOWN when it is the name of a constant that is not told */
  lengthOf(length: Length): number {
    if (typeof length === 'number') return length;
    const told = this.#told(length);
    const value =
      told !== undefined && 'value' in told ? told.value : (this.#enumerators.get(length) ?? unknown(length));
    if (Number.isInteger(value) && value >= 1 && value <= MAX_BYTES) return value;
    throw layoutUnknown(`The constant "${length}" is not a length of an array.`, length);
  }

  /** @throws EDL_LAYOUT_UNKNOWN, EDL_LAYOUT_TOO_LARGE */
  sizeOf(type: CType): TypeSize {
    const known = this.resolve(type);
    switch (known.kind) {
      case 'opaque':
        return known;
      case 'pointer':
        return POINTER;
      case 'enum':
        if (this.#enums.get(known.name)?.isWide !== true) return { bytes: 4, alignment: 4 };
        throw layoutUnknown(`The enumeration "${known.name}" has values of more than 32 bits.`, known.name);
      case 'basic': {
        const { bytes } = basicForms[known.name];
        return { bytes, alignment: bytes };
      }
      case 'array': {
        const element = this.sizeOf(known.of);
        return {
          bytes: bounded(element.bytes * this.lengthOf(known.length), 'An array'),
          alignment: element.alignment,
        };
      }
      case 'struct':
      case 'union':
        return this.layoutOf(known.name);
    }
  }

  /** The members of a structure or union of the model. */
  layoutOf(name: string): StructLayout {
    const found = this.#layouts.get(name);
    if (found === 'begun') throw layoutUnknown(`The type "${name}" contains itself.`, name);
    if (found !== undefined) return found;
    const composite = this.compositeOf(name);
    this.#layouts.set(name, 'begun');
    try {
      const members = composite.members.map((member) => ({ name: member.name, size: this.sizeOf(member.type) }));
      const layout = layOut(`${composite.kind} ${name}`, members, composite.kind);
      this.#layouts.set(name, layout);
      return layout;
    } finally {
      if (this.#layouts.get(name) === 'begun') this.#layouts.delete(name);
    }
  }

  /** Undefined for what needs no telling. */
  #foreignName(type: CType): string | undefined {
    switch (type.kind) {
      case 'foreign':
        return type.name;
      case 'struct':
      case 'union':
        return this.#composites.has(type.name) ? undefined : `${type.kind} ${type.name}`;
      case 'enum':
        return this.#enums.has(type.name) ? undefined : `enum ${type.name}`;
      default:
        return undefined;
    }
  }

  #told(name: string): ForeignType | undefined {
    if (Object.hasOwn(this.#foreign, name)) return this.#foreign[name];
    // In C++, and with a typedef, a structure's name alone is its type.
    const composite = this.#composites.get(name);
    if (composite !== undefined) return { type: `${composite.kind} ${name}` };
    if (this.#enums.has(name)) return { type: `enum ${name}` };
    return Object.hasOwn(knownForeignTypes, name) ? knownForeignTypes[name] : undefined;
  }

  /** What `NAME` points to, for `*NAME`. */
  #pointee(name: string): CType {
    if (!name.startsWith('*')) return unknown(name);
    const of = this.resolve({ kind: 'foreign', name: name.slice(1) });
    return of.kind === 'pointer' ? of.to : unknown(name);
  }
}

/** Members one after the other, each at the next multiple of its alignment, or all at the start (AMD64 supplement, 3.1.2). */
export function layOut(
  name: string,
  members: readonly { readonly name: string; readonly size: TypeSize }[],
  kind: 'struct' | 'union' = 'struct',
): StructLayout {
  let end = 0;
  let alignment = 1;
  const fields = members.map((member): FieldLayout => {
    const offset = kind === 'union' ? 0 : roundUp(end, member.size.alignment);
    end = bounded(Math.max(end, offset + member.size.bytes), `The type "${name}"`);
    alignment = Math.max(alignment, member.size.alignment);
    return { name: member.name, offset, bytes: member.size.bytes, alignment: member.size.alignment };
  });
  return { name, bytes: roundUp(end, alignment), alignment, fields };
}

function roundUp(bytes: number, multiple: number): number {
  return Math.ceil(bytes / multiple) * multiple;
}

function bounded(bytes: number, what: string): number {
  if (bytes <= MAX_BYTES) return bytes;
  throw new EnclosError('EDL_LAYOUT_TOO_LARGE', `${what} is larger than ${MAX_BYTES} bytes.`);
}

function opaque(name: string, { bytes, alignment }: TypeSize): OpaqueType {
  const isPower =
    Number.isInteger(alignment) && alignment >= 1 && alignment <= 4096 && Number.isInteger(Math.log2(alignment));
  if (!isPower || !Number.isInteger(bytes) || bytes < 0 || bytes > MAX_BYTES || bytes % alignment !== 0) {
    throw layoutUnknown(
      `The foreign type "${name}" needs an alignment that is a power of two up to 4096, and a size that is a multiple of it.`,
      name,
    );
  }
  return { kind: 'opaque', bytes, alignment };
}

function malformed(name: string, text: string): never {
  throw layoutUnknown(`The foreign type "${name}" stands for "${text.slice(0, 60)}", which is not a type of C.`, name);
}

function unknown(name: string): never {
  throw layoutUnknown(`The size of the type "${name}" is not known.`, name);
}

export function layoutUnknown(message: string, type: string): EnclosError {
  return new EnclosError('EDL_LAYOUT_UNKNOWN', message, { details: { type } });
}

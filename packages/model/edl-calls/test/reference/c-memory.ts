// Memory of a process as C sees it, written without the code that it tests: slow and plain.
import type { CompositeModel, CType, EdlModel, Extent, MemberModel } from '@enclos/edl-compiler';
import { type ArenaImage, type EdlValue, imageBytes } from '../../src/index.ts';

const numberBytes: Readonly<Record<string, number>> = {
  bool: 1, char: 1, 'unsigned char': 1, int8_t: 1, uint8_t: 1, void: 1,
  short: 2, 'unsigned short': 2, int16_t: 2, uint16_t: 2,
  int: 4, 'unsigned int': 4, int32_t: 4, uint32_t: 4, wchar_t: 4, float: 4,
  long: 8, 'unsigned long': 8, 'long long': 8, 'unsigned long long': 8, int64_t: 8, uint64_t: 8, size_t: 8, double: 8,
  'long double': 16,
}; // prettier-ignore

export type Fields = readonly { readonly name: string; readonly type: CType }[];

/** A value, before it is known to be one. */
export type Wide = EdlValue | undefined;

export class CMemory {
  readonly bytes: Uint8Array;
  readonly base: bigint;
  readonly view: DataView;

  constructor(bytes: Uint8Array, base: bigint) {
    this.bytes = bytes;
    this.base = base;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** An image where a gate has put it: each pointer is an address. */
  static of(image: ArenaImage, base: bigint, spare = 0): CMemory {
    const memory = new CMemory(new Uint8Array(imageBytes(image) + spare), base);
    memory.bytes.set(image.bytes);
    for (const { at, target } of image.pointers) memory.view.setBigUint64(at, base + BigInt(target), true);
    return memory;
  }

  at(address: bigint): number {
    const offset = Number(address - this.base);
    if (offset < 0 || offset > this.bytes.length) throw new Error('The reference model left its memory.');
    return offset;
  }

  word(address: bigint): bigint {
    return this.view.getBigUint64(this.at(address), true);
  }

  setWord(address: bigint, value: bigint): void {
    this.view.setBigUint64(this.at(address), value, true);
  }
}

export const isBytes = (type: CType): boolean =>
  type.kind === 'basic' && ['void', 'char', 'unsigned char', 'uint8_t'].includes(type.name);

export class CTypes {
  readonly #model: EdlModel;

  constructor(model: EdlModel) {
    this.#model = model;
  }

  composite(name: string): CompositeModel {
    const found = this.#model.composites.find((item) => item.name === name);
    if (found === undefined) throw new Error(`No ${name}.`);
    return found;
  }

  enumerators(name: string): readonly number[] {
    return this.#model.enums.find((item) => item.name === name)?.members.map(({ value }) => value ?? 0) ?? [];
  }

  size(type: CType): number {
    if (type.kind === 'array') return Number(type.length) * this.size(type.of);
    if (type.kind === 'struct') return this.struct(this.composite(type.name).members).bytes;
    if (type.kind === 'union') {
      const sizes = this.composite(type.name).members.map((member) => this.size(member.type));
      return up(Math.max(...sizes), this.align(type));
    }
    return type.kind === 'basic' ? (numberBytes[type.name] ?? 0) : type.kind === 'enum' ? 4 : 8;
  }

  align(type: CType): number {
    if (type.kind === 'array') return this.align(type.of);
    if (type.kind === 'struct' || type.kind === 'union') {
      return Math.max(...this.composite(type.name).members.map((member) => this.align(member.type)));
    }
    return this.size(type);
  }

  struct(fields: Fields): { readonly bytes: number; readonly offsets: ReadonlyMap<string, number> } {
    const offsets = new Map<string, number>();
    let end = 0;
    for (const { name, type } of fields) {
      offsets.set(name, up(end, this.align(type)));
      end = up(end, this.align(type)) + this.size(type);
    }
    return { bytes: up(end, Math.max(1, ...fields.map(({ type }) => this.align(type)))), offsets };
  }

  isDeep(type: CType): type is CType & { kind: 'struct'; name: string } {
    return type.kind === 'struct' && this.composite(type.name).isDeep;
  }

  /** @param follow reads what a followed pointer leads to; without it, such a pointer is only an address */
  read(
    memory: CMemory,
    address: bigint,
    type: CType,
    follow?: (member: MemberModel, struct: bigint) => EdlValue,
  ): EdlValue {
    const at = memory.at(address);
    switch (type.kind) {
      case 'array':
        return this.readMany(memory, address, type.of, Number(type.length));
      case 'struct': {
        const { members } = this.composite(type.name);
        const { offsets } = this.struct(members);
        return Object.fromEntries(
          members.map((member): [string, EdlValue] => {
            const place = address + BigInt(offsets.get(member.name) ?? 0);
            const isFollowed = follow !== undefined && member.extent !== undefined;
            return [member.name, isFollowed ? follow(member, address) : this.read(memory, place, member.type)];
          }),
        );
      }
      case 'pointer': {
        const pointed = memory.word(address);
        return pointed === 0n ? null : { address: pointed, bytes: 0 };
      }
      case 'enum':
        return this.enumerators(type.name).some((value) => value < 0)
          ? memory.view.getInt32(at, true)
          : memory.view.getUint32(at, true);
      case 'basic':
        return readNumber(memory, at, type.name);
      default:
        return memory.bytes.slice(at, at + this.size(type));
    }
  }

  readMany(memory: CMemory, address: bigint, type: CType, count: number): EdlValue {
    const at = memory.at(address);
    if (isBytes(type)) return memory.bytes.slice(at, at + count);
    const values = Array.from({ length: count }, (_, i) =>
      this.read(memory, address + BigInt(i * this.size(type)), type),
    );
    return packed(type, values);
  }

  write(memory: CMemory, address: bigint, type: CType, value: Wide): void {
    const at = memory.at(address);
    if (value === undefined) throw new Error('A value is missing.');
    if (type.kind === 'array') return this.writeMany(memory, address, type.of, value);
    if (type.kind === 'struct') {
      const { members } = this.composite(type.name);
      const { offsets } = this.struct(members);
      for (const member of members) {
        if (member.type.kind === 'pointer') continue;
        this.write(
          memory,
          address + BigInt(offsets.get(member.name) ?? 0),
          member.type,
          Reflect.get(Object(value), member.name) as Wide,
        );
      }
      return;
    }
    if (value instanceof Uint8Array) memory.bytes.set(value, at);
    else if (type.kind === 'basic') writeNumber(memory, at, type.name, value);
    else if (type.kind === 'enum') memory.view.setInt32(at, Number(value), true);
  }

  writeMany(memory: CMemory, address: bigint, type: CType, value: Wide): void {
    if (isBytes(type)) memory.bytes.set(value as Uint8Array, memory.at(address));
    else {
      for (const [i, element] of listOf(value).entries()) {
        this.write(memory, address + BigInt(i * this.size(type)), type, element);
      }
    }
  }

  /** Bytes that an extent says, with the numbers of the structure around it. */
  extent({ size, count, elements }: Extent, element: CType, number: (name: string) => bigint): number {
    const measure = (of: { readonly value: number } | { readonly name: string }) =>
      'value' in of ? of.value : Number(number(of.name));
    const product = elements.reduce<number>((all, length) => all * Number(length), 1);
    return (size === undefined ? this.size(element) : measure(size)) * (count === undefined ? product : measure(count));
  }

  /** A number of a structure at an address. */
  number(memory: CMemory, struct: bigint, fields: Fields, name: string): bigint {
    const type = fields.find((field) => field.name === name)?.type;
    if (type === undefined) throw new Error(`No ${name}.`);
    const value = this.read(memory, struct + BigInt(this.struct(fields).offsets.get(name) ?? 0), type);
    return BigInt(value as number | bigint);
  }
}

export const up = (bytes: number, multiple: number): number => Math.ceil(bytes / multiple) * multiple;

export const listOf = (value: Wide): readonly EdlValue[] => Array.from(value as ArrayLike<EdlValue>);

function packed(type: CType, values: readonly EdlValue[]): EdlValue {
  if (type.kind !== 'basic') return values;
  const numbers = values as readonly number[];
  const wide = values as readonly bigint[];
  switch (type.name) {
    case 'int8_t':
      return Int8Array.from(numbers);
    case 'short':
    case 'int16_t':
      return Int16Array.from(numbers);
    case 'unsigned short':
    case 'uint16_t':
      return Uint16Array.from(numbers);
    case 'int':
    case 'int32_t':
    case 'wchar_t':
      return Int32Array.from(numbers);
    case 'unsigned int':
    case 'uint32_t':
      return Uint32Array.from(numbers);
    case 'float':
      return Float32Array.from(numbers);
    case 'double':
      return Float64Array.from(numbers);
    case 'long':
    case 'long long':
    case 'int64_t':
      return BigInt64Array.from(wide);
    case 'unsigned long':
    case 'unsigned long long':
    case 'uint64_t':
    case 'size_t':
      return BigUint64Array.from(wide);
    default:
      return values;
  }
}

function readNumber({ view, bytes }: CMemory, at: number, name: string): EdlValue {
  const size = numberBytes[name] ?? 0;
  if (name === 'float') return view.getFloat32(at, true);
  if (name === 'double') return view.getFloat64(at, true);
  if (name === 'long double') return bytes.slice(at, at + 16);
  let number = 0n;
  for (let i = size - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes[at + i] ?? 0);
  if (name === 'bool') return number === 1n;
  const signed = isUnsigned(name) ? number : BigInt.asIntN(8 * size, number);
  return size === 8 ? signed : Number(signed);
}

function writeNumber({ view, bytes }: CMemory, at: number, name: string, value: EdlValue): void {
  if (name === 'float') return view.setFloat32(at, Number(value), true);
  if (name === 'double') return view.setFloat64(at, Number(value), true);
  let number = BigInt.asUintN(64, BigInt(value as number | bigint | boolean));
  for (let i = 0; i < (numberBytes[name] ?? 0); i++) {
    bytes[at + i] = Number(number & 255n);
    number >>= 8n;
  }
}

export const isUnsigned = (name: string): boolean => name.startsWith('u') || name === 'size_t' || name === 'bool';

export const numberSize = (name: string): number => numberBytes[name] ?? 0;

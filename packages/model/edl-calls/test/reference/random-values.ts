// Random values of a model's types, in the form in which a codec gives them.
import type { CType, EdlModel, Extent, FunctionModel, MemberModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
import { CMemory, CTypes, isUnsigned, numberSize } from './c-memory.ts';
import type { Random } from './random.ts';

export type Values = Record<string, EdlValue>;

const letters = ['a', 'Z', '7', ' ', 'é', '漢', '😀', '\u{10ffff}'];

export class RandomValues {
  readonly #types: CTypes;
  readonly #random: Random;

  constructor(model: EdlModel, random: Random) {
    this.#types = new CTypes(model);
    this.#random = random;
  }

  text(maxUnits = 6): string {
    return Array.from({ length: this.#random.below(maxUnits) }, () => this.#random.pick(letters)).join('');
  }

  /** @param isFollowed whether a structure has what its pointers lead to; they are NULL otherwise */
  value(type: CType, isFollowed = false, depth = 0): EdlValue {
    const random = this.#random;
    switch (type.kind) {
      case 'array':
        return this.many(type.of, Number(type.length));
      case 'struct':
        return this.#struct(this.#types.composite(type.name).members, isFollowed, depth);
      case 'enum':
        return random.pick(this.#types.enumerators(type.name));
      case 'pointer':
        return null;
      case 'basic':
        return this.#number(type.name);
      default:
        return this.#union(type);
    }
  }

  /** The bytes of one member. Padding is zero, since C does not keep it. */
  #union(type: CType): Uint8Array {
    const memory = new CMemory(new Uint8Array(this.#types.size(type)), 0n);
    if (type.kind !== 'union') throw new Error('Not a union.');
    const member = this.#random.pick(this.#types.composite(type.name).members);
    if (member.type.kind !== 'pointer') this.#types.write(memory, 0n, member.type, this.value(member.type));
    return memory.bytes;
  }

  many(type: CType, count: number, isFollowed = false, depth = 0): EdlValue {
    // Written as C and read again, a sequence has the form that a codec gives it.
    if (isFollowed && type.kind === 'struct') return Array.from({ length: count }, () => this.value(type, true, depth));
    const memory = new CMemory(new Uint8Array(count * this.#types.size(type)), 0n);
    for (let i = 0; i < count; i++) {
      this.#types.write(memory, BigInt(i * this.#types.size(type)), type, this.value(type));
    }
    return this.#types.readMany(memory, 0n, type, count);
  }

  /** What a buffer holds, and the measures that say so. */
  buffer(element: CType, extent: Extent, options: { isOne: boolean; isFollowed: boolean; depth?: number }): EdlValue {
    const count = this.#count(element, extent);
    const { isOne, isFollowed, depth = 0 } = options;
    if (isOne) return this.value(element, isFollowed, depth);
    return this.many(element, count, isFollowed, depth);
  }

  /** Another value with as many elements, and with pointers that lead to as much. */
  like(value: EdlValue, element: CType, options: { isOne: boolean; isFollowed: boolean; depth?: number }): EdlValue {
    const { isOne, isFollowed, depth = 0 } = options;
    if (isFollowed && element.kind === 'struct') {
      const { members } = this.#types.composite(element.name);
      if (isOne) return this.#structLike(members, Object(value) as Values, depth);
      return (value as readonly Values[]).map((item) => this.#structLike(members, item, depth));
    }
    return isOne ? this.value(element) : this.many(element, (value as { length: number }).length);
  }

  #structLike(members: readonly MemberModel[], value: Values, depth: number): EdlValue {
    const measures = new Set(
      members
        .flatMap(({ extent }) => [extent?.size, extent?.count])
        .map((of) => (of !== undefined && 'name' in of ? of.name : '')),
    );
    return Object.fromEntries(
      members.map(({ name, type, extent }): [string, EdlValue] => {
        const old = value[name] ?? null;
        if (measures.has(name)) return [name, old];
        if (extent === undefined || type.kind !== 'pointer') return [name, this.value(type)];
        if (old === null) return [name, null];
        const isFollowed = depth > 0 && this.#types.isDeep(type.to);
        return [name, this.like(old, type.to, { isOne: isOneOf(type.to, extent), isFollowed, depth: depth - 1 })];
      }),
    );
  }

  #count(element: CType, { size, count, elements }: Extent): number {
    if (count !== undefined) return 'value' in count ? count.value : this.#random.below(4);
    if (size !== undefined) return 'value' in size ? size.value / this.#types.size(element) : this.#random.below(9);
    return elements.reduce<number>((product, length) => product * Number(length), 1);
  }

  #struct(members: readonly MemberModel[], isFollowed: boolean, depth: number): EdlValue {
    const values: Values = {};
    for (const member of members) {
      const { extent, type } = member;
      if (extent === undefined || !isFollowed || type.kind !== 'pointer' || this.#random.chance(15)) {
        values[member.name] = this.value(type);
        continue;
      }
      const isDeeper = depth > 0 && this.#types.isDeep(type.to);
      const isOne = isOneOf(type.to, extent);
      values[member.name] = this.buffer(type.to, extent, { isOne, isFollowed: isDeeper, depth: depth - 1 });
    }
    if (isFollowed) measure(members, values);
    return Object.fromEntries(members.map(({ name }) => [name, values[name] ?? null]));
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#random.below(256));
  }

  #number(name: string): EdlValue {
    const random = this.#random;
    if (name === 'bool') return random.chance(50);
    if (name === 'float') return Math.fround((random.below(2 ** 20) - 2 ** 19) / 64);
    if (name === 'double') return (random.below(2 ** 30) - 2 ** 29) / 1024;
    // The last six bytes are padding.
    if (name === 'long double') return Uint8Array.from([...this.#bytes(10), 0, 0, 0, 0, 0, 0]);
    const bits = BigInt(8 * numberSize(name));
    const value = isUnsigned(name)
      ? random.integer(0n, 2n ** bits - 1n)
      : random.integer(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n);
    return bits === 64n ? value : Number(value);
  }
}

export function isOneOf(element: CType, { size, count, elements }: Extent): boolean {
  const isVoid = element.kind === 'basic' && element.name === 'void';
  return !isVoid && size === undefined && count === undefined && elements.length === 0;
}

/** Sets the members, or parameters, that are counts or sizes in bytes of the others. */
function measure(
  members: readonly { readonly name: string; readonly type: CType; readonly extent?: Extent }[],
  values: Values,
): void {
  for (const { name, extent } of members) {
    const value = values[name];
    const named = [extent?.count, extent?.size].find((of) => of !== undefined && 'name' in of);
    if (named === undefined || !('name' in named)) continue;
    const target = members.find((member) => member.name === named.name)?.type;
    const count = value === null || value === undefined ? 0 : (value as { length: number }).length;
    values[named.name] = target?.kind === 'basic' && numberSize(target.name) === 8 ? BigInt(count) : count;
  }
}

/** Other values for what a call gives back. NULL stays. */
export function randomOutputs(
  call: FunctionModel,
  model: EdlModel,
  of: { values: Values; random: Random; depth: number },
): Values {
  const { values, random, depth } = of;
  const types = new CTypes(model);
  const make = new RandomValues(model, random);
  const outputs: Values = {};
  for (const { name, type, passing } of call.parameters) {
    const value = values[name] ?? null;
    if (value === null || !('direction' in passing) || passing.direction === 'in') continue;
    if (typeof value === 'string') outputs[name] = Array.from(value).slice(random.below(3)).join('');
    else if (passing.direction === 'out') outputs[name] = value;
    else if (passing.kind === 'buffer') {
      const { element, extent } = passing;
      const isOne = isOneOf(element, extent) && type.kind !== 'array';
      outputs[name] = make.like(value, element, {
        isOne,
        isFollowed: type.kind === 'pointer' && types.isDeep(element),
        depth,
      });
    }
  }
  return outputs;
}

/** Arguments of a call, complete. A buffer that is `out` alone has only its measure. */
export function randomArguments(
  call: FunctionModel,
  model: EdlModel,
  { random, depth }: { random: Random; depth: number },
): Values {
  const types = new CTypes(model);
  const make = new RandomValues(model, random);
  const values: Values = {};
  for (const { name, type, passing } of call.parameters) {
    if (passing.kind === 'value') values[name] ??= make.value(type);
    else if (passing.kind === 'string') values[name] = random.chance(15) ? null : make.text();
    else if (passing.kind === 'buffer') {
      const { element, extent } = passing;
      const isFollowed = type.kind === 'pointer' && types.isDeep(element);
      const isOne = isOneOf(element, extent) && type.kind !== 'array';
      values[name] = random.chance(10) ? null : make.buffer(element, extent, { isOne, isFollowed, depth });
    }
  }
  const buffers = call.parameters.map(({ name, type, passing }) => ({
    name,
    type,
    ...(passing.kind === 'buffer' ? { extent: passing.extent } : {}),
  }));
  measure(buffers, values);
  return values;
}

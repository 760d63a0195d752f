import type { CompositeModel, CType, Extent } from '@enclos/edl-compiler';
import type { KnownType, TypeSizes } from '../layout/sizes.ts';
import type { ArenaHandle } from '../arena/memory.ts';
import type { EdlValue } from '../arena/values.ts';
import type { SequenceForm, ValueForm } from './form.ts';
import { refuse } from '../arena/refusal.ts';
import { basicScalar, enumScalar, type Scalar } from './scalars.ts';
import { arraySequence, byteSequence, numberSequence } from './sequences.ts';
import { StructForm, type StructMember } from './struct-form.ts';

const MAX_ADDRESS = 2n ** 64n - 1n;

/** Forms of the types of one interface. A permission is the name that `userCheck` has for an address. */
export class Forms {
  readonly sizes: TypeSizes;
  readonly #allowed: ReadonlySet<string>;
  readonly #structs = new Map<string, StructForm>();

  constructor(sizes: TypeSizes, userCheck: readonly string[]) {
    this.sizes = sizes;
    this.#allowed = new Set(userCheck);
  }

  /** @throws EDL_LAYOUT_UNKNOWN */
  valueForm(type: CType, permission: string): ValueForm {
    const known = this.sizes.resolve(type);
    const scalar = this.#scalar(known);
    if (scalar !== undefined) return scalarForm(scalar);
    switch (known.kind) {
      case 'pointer':
        return addressForm(this.#allowed.has(permission), permission);
      case 'array':
        return arrayForm(this.sequenceForm(known.of, permission), this.sizes.lengthOf(known.length));
      case 'struct':
        return this.structForm(known.name, false);
      case 'basic':
        return known.name === 'long double' ? longDoubleForm : arrayForm(byteSequence(1), 1);
      default:
        return arrayForm(byteSequence(1), this.sizes.sizeOf(type).bytes);
    }
  }

  /** @throws EDL_LAYOUT_UNKNOWN */
  sequenceForm(type: CType, permission: string): SequenceForm {
    const known = this.sizes.resolve(type);
    if (known.kind === 'opaque') return byteSequence(known.bytes);
    if (known.kind === 'basic') {
      if (['void', 'char', 'unsigned char', 'uint8_t'].includes(known.name)) return byteSequence(1);
      const scalar = basicScalar(known.name);
      const numbers = scalar === undefined ? undefined : numberSequence(known.name, scalar);
      if (numbers !== undefined) return numbers;
    }
    return arraySequence(this.valueForm(type, permission));
  }

  /** An address that is not checked. */
  addressForm(permission: string): ValueForm {
    return addressForm(this.#allowed.has(permission), permission);
  }

  /** @returns undefined when a value of the type cannot be a size or count */
  measure(type: CType): Scalar | undefined {
    return this.#scalar(this.sizes.resolve(type));
  }

  /** @param isFollowed whether pointers with an extent are followed */
  structForm(name: string, isFollowed: boolean): StructForm {
    const key = `${isFollowed ? 'followed' : 'plain'} ${name}`;
    const found = this.#structs.get(key);
    if (found !== undefined) return found;
    const model = this.sizes.compositeOf(name);
    const { bytes, fields } = this.sizes.layoutOf(name);
    const measures = isFollowed ? measureNames(model) : new Set<string>();
    const members = model.members.map((member, i): StructMember => {
      const place = { name: member.name, offset: fields[i]?.offset ?? 0, isMeasure: measures.has(member.name) };
      const follows = isFollowed && member.extent !== undefined;
      return follows ? place : { ...place, form: this.valueForm(member.type, `${name}.${member.name}`) };
    });
    const form = new StructForm(bytes, members);
    this.#structs.set(key, form);
    return form;
  }

  #scalar(known: KnownType): Scalar | undefined {
    if (known.kind === 'enum') return enumScalar(this.sizes.enumOf(known.name));
    return known.kind === 'basic' ? basicScalar(known.name) : undefined;
  }
}

/** Members that are the size or count of others. */
export function measureNames({ members }: CompositeModel): Set<string> {
  return new Set(members.flatMap(({ extent }) => (extent === undefined ? [] : namesIn(extent))));
}

export function namesIn({ size, count }: Extent): string[] {
  return [size, count].flatMap((measure) => (measure !== undefined && 'name' in measure ? [measure.name] : []));
}

function scalarForm(scalar: Scalar): ValueForm {
  return {
    bytes: scalar.bytes,
    cost: 0,
    write({ view, at, path }, value) {
      if (!scalar.accepts(value)) refuse(path, `not ${scalar.wanted}`);
      scalar.set(view, at, value);
    },
    read: ({ view, at, path }) => scalar.get(view, at) ?? refuse(path, `bytes that are not ${scalar.wanted}`),
  };
}

function arrayForm(sequence: SequenceForm, count: number): ValueForm {
  return {
    bytes: sequence.elementBytes * count,
    // A typed array keeps its bytes, and an object.
    cost: 128 + count * Math.max(sequence.cost, sequence.elementBytes),
    write(spot, value) {
      const given = sequence.count(value, spot.path);
      if (given !== count) refuse(spot.path, `${given} elements, not ${count}`);
      sequence.write(spot, value);
    },
    read: (spot) => sequence.read(spot, count),
  };
}

const longDoubleBytes = arrayForm(byteSequence(1), 16);

/** 80 bits, and padding, which is whatever stood there. */
const longDoubleForm: ValueForm = {
  ...longDoubleBytes,
  read(spot) {
    const bytes = new Uint8Array(16);
    bytes.set(new Uint8Array(spot.view.buffer, spot.view.byteOffset + spot.at, 10));
    return bytes;
  },
};

const notHandle = 'neither null nor a handle of reserved memory (`enclave.memory.allocate`)';

function addressForm(isAllowed: boolean, permission: string): ValueForm {
  const refused = `an address that nothing checks, which is refused unless "${permission}" is allowed (--allow-user-check, or userCheck)`;
  return {
    bytes: 8,
    cost: 64,
    write({ view, at, path }, value) {
      if (value !== null && !isHandle(value)) refuse(path, notHandle);
      if (value !== null && !isAllowed) refuse(path, refused);
      view.setBigUint64(at, value?.address ?? 0n, true);
    },
    read({ view, at, path }): EdlValue {
      const address = view.getBigUint64(at, true);
      if (address === 0n) return null;
      return isAllowed ? { address, bytes: 0 } : refuse(path, refused);
    },
  };
}

function isHandle(value: unknown): value is ArenaHandle {
  if (typeof value !== 'object' || value === null || !('address' in value)) return false;
  return typeof value.address === 'bigint' && value.address >= 0n && value.address <= MAX_ADDRESS;
}

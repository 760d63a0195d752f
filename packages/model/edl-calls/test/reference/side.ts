// The other side of a call, as the code that an SDK generated: what the codec is compared with. It is written from the
// descriptions of the generated code alone, on the slow memory, one value after the other.
import type { CType, EdlModel, FunctionModel, MemberModel, OcallModel, ParameterModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
import type { CMemory } from './c-memory.ts';
import { CTypes, type Fields, listOf, type Wide } from './c-memory.ts';
import { isOneOf, type Values } from './random-values.ts';

export interface SideOptions {
  readonly model: EdlModel;
  readonly call: FunctionModel | OcallModel;
  readonly memory: CMemory;
}

type BufferPassing = Extract<ParameterModel['passing'], { kind: 'buffer' }>;

/** What both SDKs' sides share. */
export abstract class Side {
  readonly call: FunctionModel | OcallModel;
  readonly types: CTypes;
  readonly index: bigint;
  memory: CMemory;

  constructor({ model, call, memory }: SideOptions) {
    this.call = call;
    this.types = new CTypes(model);
    this.index = BigInt(
      'allows' in call ? model.ocalls.indexOf(call) : model.ecalls.findIndex((item) => item === call),
    );
    this.memory = memory;
  }

  /** The structure of the call. */
  abstract readonly fields: Fields;
  /** A prefix of the fields of parameters. */
  abstract readonly prefix: string;

  get structBytes(): number {
    return this.types.struct(this.fields).bytes;
  }

  field(struct: bigint, name: string): bigint {
    const offset = this.types.struct(this.fields).offsets.get(name);
    if (offset === undefined) throw new Error(`No field ${name}.`);
    return struct + BigInt(offset);
  }

  get isOcall(): boolean {
    return 'allows' in this.call;
  }

  parameterFields(hasLength: boolean): Fields {
    return this.call.parameters.flatMap(({ name, type, passing }) => [
      { name: this.prefix + name, type: passing.kind === 'value' ? type : pointerType },
      ...(passing.kind === 'string' && hasLength ? [{ name: `${this.prefix}${name}_len`, type: sizeType }] : []),
    ]);
  }

  bufferBytes(passing: BufferPassing, struct: bigint): number {
    return this.types.extent(passing.extent, passing.element, (name) =>
      this.types.number(this.memory, struct, this.fields, this.prefix + name),
    );
  }

  memberBytes(of: CType & { name: string }, member: MemberModel, struct: bigint): number {
    if (member.extent === undefined || member.type.kind !== 'pointer') throw new Error('Not followed.');
    const { members } = this.types.composite(of.name);
    return this.types.extent(member.extent, member.type.to, (name) =>
      this.types.number(this.memory, struct, members, name),
    );
  }

  isOne({ type, passing }: ParameterModel): boolean {
    return passing.kind === 'buffer' && isOneOf(passing.element, passing.extent) && type.kind !== 'array';
  }

  /** Whether pointers of a parameter's structures are followed. */
  isDeep({ type, passing }: ParameterModel): boolean {
    return passing.kind === 'buffer' && type.kind === 'pointer' && this.types.isDeep(passing.element);
  }

  /** Elements at an address, with what their pointers lead to. */
  readElements(address: bigint, element: CType, of: { bytes: number; isOne: boolean; follow?: Follow }): EdlValue {
    const { bytes, isOne, follow } = of;
    const size = this.types.size(element);
    const count = bytes / size;
    if (follow === undefined) {
      return isOne
        ? this.types.read(this.memory, address, element)
        : this.types.readMany(this.memory, address, element, count);
    }
    const values = Array.from({ length: count }, (_, i) =>
      this.types.read(this.memory, address + BigInt(i * size), element, follow),
    );
    return isOne ? (values[0] ?? null) : values;
  }

  elementsOf(value: Wide, isOne: boolean): readonly EdlValue[] {
    return isOne ? [value ?? null] : listOf(value);
  }

  writeElements(address: bigint, element: CType, of: { value: Wide; isOne: boolean }): void {
    if (of.isOne) this.types.write(this.memory, address, element, of.value);
    else this.types.writeMany(this.memory, address, element, of.value);
  }

  text(address: bigint, isWide: boolean): string {
    const unit = isWide ? 4 : 1;
    const codes: number[] = [];
    for (let at = this.memory.at(address); ; at += unit) {
      const code = isWide ? this.memory.view.getUint32(at, true) : this.memory.view.getUint8(at);
      if (code === 0) break;
      codes.push(code);
    }
    return isWide ? codes.map((code) => String.fromCodePoint(code)).join('') : Buffer.from(codes).toString('utf8');
  }

  /** With its terminator. */
  textBytes(value: EdlValue, isWide: boolean): Uint8Array {
    if (typeof value !== 'string') throw new Error('Not a string.');
    if (!isWide) return Buffer.from(`${value}\0`, 'utf8');
    return new Uint8Array(Uint32Array.from([...Array.from(value, (c) => c.codePointAt(0) ?? 0), 0]).buffer);
  }
}

export type Follow = (member: MemberModel, struct: bigint) => EdlValue;

export const pointerType: CType = { kind: 'pointer', to: { kind: 'basic', name: 'void' }, isConst: false };
export const sizeType: CType = { kind: 'basic', name: 'size_t' };
export const intType: CType = { kind: 'basic', name: 'int' };

export const isVoid = (type: CType): boolean => type.kind === 'basic' && type.name === 'void';

export interface SideAnswer {
  readonly returned?: EdlValue;
  readonly errno?: number;
  readonly outputs: Values;
}

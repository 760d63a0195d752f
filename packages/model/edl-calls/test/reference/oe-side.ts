import assert from 'node:assert/strict';
import type { CType, MemberModel, ParameterModel } from '@enclos/edl-compiler';
import type { EdlValue } from '../../src/index.ts';
import { CMemory, type Fields, up } from './c-memory.ts';
import { isOneOf, type Values } from './random-values.ts';
import { intType, isVoid, pointerType, Side, type SideAnswer, sizeType } from './side.ts';

const at16 = (bytes: number): number => up(bytes, 16);

/** A piece's place, and those after it. */
interface Cursor {
  at: bigint;
}

const take = (cursor: Cursor, bytes: number): bigint => {
  const { at } = cursor;
  cursor.at += BigInt(at16(bytes));
  return at;
};

type Struct = CType & { name: string };

/** An enclave of Open Enclave: its forwarders of ECALLs, and its wrappers of OCALLs. */
export class OeSide extends Side {
  override readonly prefix = '';
  #enclave = new CMemory(new Uint8Array(), 0n);
  #passed: Values = {};

  override get fields(): Fields {
    const { returns } = this.call;
    return [
      { name: 'oe_result', type: intType },
      { name: 'deepcopy_out_buffer', type: pointerType },
      { name: 'deepcopy_out_buffer_size', type: sizeType },
      ...(isVoid(returns) ? [] : [{ name: 'oe_retval', type: returns }]),
      ...this.parameterFields(true),
      ...('propagatesErrno' in this.call && this.call.propagatesErrno ? [{ name: 'ocall_errno', type: intType }] : []),
    ];
  }

  followedOf({ name }: { name: string }): readonly (MemberModel & { type: CType & { kind: 'pointer' } })[] {
    return this.types
      .composite(name)
      .members.flatMap((member) =>
        member.extent !== undefined && member.type.kind === 'pointer' ? [{ ...member, type: member.type }] : [],
      );
  }

  place({ name }: { name: string }, member: { name: string }, struct: bigint): bigint {
    return struct + BigInt(this.types.struct(this.types.composite(name).members).offsets.get(member.name) ?? 0);
  }

  /** Calls for each element of structures that are followed. */
  eachStruct(element: CType, address: bigint, bytes: number, visit: (of: Struct, struct: bigint) => void): void {
    if (!this.types.isDeep(element)) return;
    const size = this.types.size(element);
    for (let i = 0; i < bytes / size; i++) visit(element, address + BigInt(i * size));
  }

  /** Gives the pointers of structures the next pieces, copying what they led to when asked. */
  setPointers(cursor: Cursor, of: { element: CType; address: bigint; bytes: number; copies: boolean }): void {
    this.eachStruct(of.element, of.address, of.bytes, (struct, at) => {
      for (const member of this.followedOf(struct)) {
        const place = this.place(struct, member, at);
        const old = this.memory.word(place);
        if (old === 0n) continue;
        const bytes = this.memberBytes(struct, member, at);
        const address = take(cursor, bytes);
        this.memory.setWord(place, address);
        if (of.copies) this.copy(old, address, bytes);
        this.setPointers(cursor, { element: member.type.to, address, bytes, copies: of.copies });
      }
    });
  }

  copy(from: bigint, to: bigint, bytes: number): void {
    const start = this.memory.at(from);
    this.memory.bytes.copyWithin(this.memory.at(to), start, start + bytes);
  }

  valueBytes({ name, passing, type }: ParameterModel, struct: bigint): number {
    if (passing.kind === 'string') {
      return Number(this.memory.word(this.field(struct, `${name}_len`))) * (passing.isWide ? 4 : 1);
    }
    if (passing.kind === 'buffer') return this.bufferBytes(passing, struct);
    throw new Error(`${name} is not passed by a pointer of ${type.kind}.`);
  }

  /** As a forwarder does, in the enclave's copy of the buffers. */
  forward(start: bigint): bigint {
    this.#enclave = new CMemory(this.memory.bytes.slice(), this.memory.base);
    const host = this.memory;
    this.memory = this.#enclave;
    assert.equal(this.memory.word(start), this.index);
    const [input, output] = [this.memory.word(start + 8n), this.memory.word(start + 24n)];
    const inCursor = { at: input + BigInt(at16(this.structBytes)) };
    const outCursor = { at: output + BigInt(at16(this.structBytes)) };
    const way = (parameter: ParameterModel) =>
      'direction' in parameter.passing ? parameter.passing.direction : 'none';
    for (const parameter of this.call.parameters) {
      const place = this.pointerPlace(input, parameter);
      if (!['in', 'inout'].includes(way(parameter)) || this.memory.word(place) === 0n) continue;
      const bytes = this.valueBytes(parameter, input);
      const address = take(inCursor, bytes);
      this.memory.setWord(place, address);
      this.setDeep(inCursor, parameter, { address, bytes, copies: false });
    }
    for (const parameter of this.call.parameters) {
      const place = this.pointerPlace(input, parameter);
      if (!['out', 'inout'].includes(way(parameter)) || this.memory.word(place) === 0n) continue;
      const bytes = this.valueBytes(parameter, input);
      const address = take(outCursor, bytes);
      if (way(parameter) === 'inout') this.copy(this.memory.word(place), address, bytes);
      this.memory.setWord(place, address);
      if (way(parameter) === 'inout') this.setDeep(outCursor, parameter, { address, bytes, copies: true });
    }
    assert.equal(inCursor.at - input, this.memory.word(start + 16n), 'the input buffer has another size');
    assert.equal(outCursor.at - output, this.memory.word(start + 32n), 'the output buffer has another size');
    this.memory = host;
    return input;
  }

  pointerPlace(struct: bigint, { name }: ParameterModel): bigint {
    return this.field(struct, name);
  }

  setDeep(cursor: Cursor, parameter: ParameterModel, of: { address: bigint; bytes: number; copies: boolean }): void {
    const { passing } = parameter;
    if (passing.kind === 'buffer' && this.isDeep(parameter)) {
      this.setPointers(cursor, { element: passing.element, ...of });
    }
  }

  /** The values that a trusted function sees. */
  arguments(start: bigint): Values {
    const input = this.forward(start);
    return this.inEnclave(() =>
      Object.fromEntries(
        this.call.parameters.flatMap((parameter): [string, EdlValue][] => {
          const { name, type, passing } = parameter;
          const place = this.field(input, name);
          if (passing.kind === 'value') return [[name, this.types.read(this.memory, place, type)]];
          const address = this.memory.word(place);
          if (address === 0n) return [[name, null]];
          if (passing.kind === 'string') return [[name, this.text(address, passing.isWide)]];
          if (passing.kind !== 'buffer' || passing.direction === 'out') return [];
          const bytes = this.bufferBytes(passing, input);
          const isDeep = this.isDeep(parameter);
          return [[name, this.readDeep(address, passing.element, { bytes, isOne: this.isOne(parameter), isDeep })]];
        }),
      ),
    );
  }

  inEnclave<T>(run: () => T): T {
    const host = this.memory;
    this.memory = this.#enclave;
    try {
      return run();
    } finally {
      this.memory = host;
    }
  }

  readDeep(address: bigint, element: CType, of: { bytes: number; isOne: boolean; isDeep: boolean }): EdlValue {
    if (!of.isDeep || !this.types.isDeep(element)) return this.readElements(address, element, of);
    return this.readElements(address, element, {
      ...of,
      follow: (member, struct) => {
        const target = this.memory.word(this.place(element, member, struct));
        if (target === 0n || member.type.kind !== 'pointer' || member.extent === undefined) return null;
        const bytes = this.memberBytes(element, member, struct);
        return this.readDeep(target, member.type.to, {
          bytes,
          isOne: isOneOf(member.type.to, member.extent),
          isDeep: true,
        });
      },
    });
  }

  /** What the host sees when a trusted function returned. */
  answer(start: bigint, { returned, outputs }: SideAnswer): void {
    const [input, output] = [this.memory.word(start + 8n), this.memory.word(start + 24n)];
    // The image ends where memory for the enclave's heap, and for what it has the host reserve, begins.
    const heap = { at: output + this.memory.word(start + 32n) };
    const pieces: Uint8Array[] = [];
    this.inEnclave(() => {
      for (const parameter of this.call.parameters) {
        const { name, passing } = parameter;
        const value = outputs[name] ?? null;
        const address = name in outputs ? this.memory.word(this.field(input, name)) : 0n;
        if (address === 0n) continue;
        if (passing.kind === 'string') {
          this.memory.bytes.set(this.textBytes(value, passing.isWide), this.memory.at(address));
        } else if (passing.kind === 'buffer') {
          const isOut = passing.direction === 'out' && this.isDeep(parameter);
          this.writeDeep(address, passing.element, {
            value,
            isOne: this.isOne(parameter),
            isDeep: this.isDeep(parameter),
            heap: isOut ? heap : undefined,
          });
          if (isOut) this.serialize(address, passing.element, { bytes: this.bufferBytes(passing, input), pieces });
        }
      }
    });
    this.finish(start, { returned, heap, pieces });
  }

  finish(start: bigint, of: { returned: EdlValue | undefined; heap: Cursor; pieces: readonly Uint8Array[] }): void {
    const { returned, heap, pieces } = of;
    const [output, outputBytes] = [this.memory.word(start + 24n), this.memory.word(start + 32n)];
    const from = this.memory.at(output);
    this.memory.bytes.set(this.#enclave.bytes.subarray(from, from + Number(outputBytes)), from);
    if (returned !== undefined) {
      this.types.write(this.memory, this.field(output, 'oe_retval'), this.call.returns, returned);
    }
    const deepBytes = pieces.reduce((sum, { length }) => sum + at16(length), 0);
    const deepAt = take(heap, deepBytes);
    let at = this.memory.at(deepAt);
    for (const piece of pieces) {
      this.memory.bytes.set(piece, at);
      at += at16(piece.length);
    }
    this.memory.setWord(output + 8n, deepBytes === 0 ? 0n : deepAt);
    this.memory.setWord(output + 16n, BigInt(deepBytes));
    this.memory.setWord(start + 40n, outputBytes);
    this.memory.setWord(start + 48n, 0n);
  }

  /** @param of with a heap, pointers lead to new memory; without, to where they lead already */
  writeDeep(
    address: bigint,
    element: CType,
    of: { value: EdlValue; isOne: boolean; isDeep: boolean; heap: Cursor | undefined },
  ): void {
    const { value, isOne, isDeep, heap } = of;
    this.writeElements(address, element, { value, isOne });
    if (!isDeep || !this.types.isDeep(element)) return;
    for (const [i, item] of this.elementsOf(value, isOne).entries()) {
      const struct = address + BigInt(i * this.types.size(element));
      for (const member of this.followedOf(element)) {
        const leads = (item as Values)[member.name] ?? null;
        const place = this.place(element, member, struct);
        if (leads === null) continue;
        const bytes = this.memberBytes(element, member, struct);
        if (heap !== undefined) this.memory.setWord(place, take(heap, bytes));
        const memberIsOne = member.extent !== undefined && isOneOf(member.type.to, member.extent);
        this.writeDeep(this.memory.word(place), member.type.to, {
          value: leads,
          isOne: memberIsOne,
          isDeep: true,
          heap,
        });
      }
    }
  }

  serialize(address: bigint, element: CType, { bytes, pieces }: { bytes: number; pieces: Uint8Array[] }): void {
    this.eachStruct(element, address, bytes, (struct, at) => {
      for (const member of this.followedOf(struct)) {
        const target = this.memory.word(this.place(struct, member, at));
        if (target === 0n) continue;
        const length = this.memberBytes(struct, member, at);
        const from = this.memory.at(target);
        pieces.push(this.memory.bytes.slice(from, from + length));
        this.serialize(target, member.type.to, { bytes: length, pieces });
      }
    });
  }

  /** What a wrapper puts into the host's memory. @returns the address of the record */
  pass(values: Values, start: bigint): bigint {
    this.#passed = values;
    const input = start + 64n;
    const cursor = { at: input };
    take(cursor, this.structBytes);
    for (const { name, type, passing } of this.call.parameters) {
      const place = this.field(input, name);
      if (passing.kind === 'value') this.types.write(this.memory, place, type, values[name]);
    }
    let outputBytes = at16(this.structBytes);
    for (const parameter of this.call.parameters) {
      const { name, passing } = parameter;
      const value = values[name] ?? null;
      if (value === null || !('direction' in passing)) continue;
      const before = cursor.at;
      if (passing.kind === 'string') {
        const text = this.textBytes(value, passing.isWide);
        const at = take(cursor, text.length);
        this.memory.bytes.set(text, this.memory.at(at));
        this.memory.setWord(this.field(input, name), at);
        this.memory.setWord(this.field(input, `${name}_len`), BigInt(text.length / (passing.isWide ? 4 : 1)));
      } else if (passing.direction === 'out') {
        // An address of the enclave, which only says that it is not NULL.
        this.memory.setWord(this.field(input, name), 0xdead_0000n);
        outputBytes += at16(this.bufferBytes(passing, input));
      } else {
        const at = take(cursor, this.bufferBytes(passing, input));
        this.memory.setWord(this.field(input, name), at);
        this.writeDeep(at, passing.element, {
          value,
          isOne: this.isOne(parameter),
          isDeep: this.isDeep(parameter),
          heap: cursor,
        });
      }
      if (passing.direction === 'inout') outputBytes += Number(cursor.at - before);
    }
    const words = [this.index, input, cursor.at - input, cursor.at, BigInt(outputBytes), 0n, 7n];
    for (const [i, word] of words.entries()) this.memory.setWord(start + BigInt(8 * i), word);
    return start;
  }

  /** What a wrapper reads when the OCALL returned. */
  results(start: bigint): SideAnswer {
    const [output, outputBytes] = [this.memory.word(start + 24n), this.memory.word(start + 32n)];
    assert.equal(this.memory.word(start + 40n), outputBytes);
    assert.equal(this.memory.word(start + 48n), 0n);
    assert.equal(this.memory.view.getUint32(this.memory.at(output), true), 0);
    const cursor = { at: output + BigInt(at16(this.structBytes)) };
    // Without one, pointers lead to nothing, at an address that is not NULL, as from malloc.
    const deep = { at: this.memory.word(output + 8n) || output };
    const deepEnd = deep.at + this.memory.word(output + 16n);
    const outputs: Values = {};
    for (const parameter of this.call.parameters) {
      const { name, passing } = parameter;
      const passed = this.#passed[name] ?? null;
      if (passed === null || !('direction' in passing) || passing.direction === 'in') continue;
      if (passing.kind === 'string') {
        const bytes = this.textBytes(passed, passing.isWide).length;
        const at = take(cursor, bytes);
        assert.equal(this.memory.bytes[this.memory.at(at) + bytes - 1], 0);
        outputs[name] = this.text(at, passing.isWide);
        continue;
      }
      const isOne = this.isOne(parameter);
      if (passing.direction === 'inout') {
        outputs[name] = this.unmarshal(cursor, passing.element, { passed, isOne, isDeep: this.isDeep(parameter) });
        continue;
      }
      const bytes = this.types.size(passing.element) * this.lengthOf(passed, passing.element, isOne);
      const at = take(cursor, bytes);
      this.setDeep(deep, parameter, { address: at, bytes, copies: false });
      outputs[name] = this.readDeep(at, passing.element, { bytes, isOne, isDeep: this.isDeep(parameter) });
    }
    assert.equal(deep.at, deepEnd, 'the deep-copy buffer has another size');
    return {
      ...(isVoid(this.call.returns)
        ? {}
        : { returned: this.types.read(this.memory, this.field(output, 'oe_retval'), this.call.returns) }),
      ...('propagatesErrno' in this.call && this.call.propagatesErrno
        ? { errno: this.memory.view.getInt32(this.memory.at(this.field(output, 'ocall_errno')), true) }
        : {}),
      outputs,
    };
  }

  lengthOf(value: EdlValue, element: CType, isOne: boolean): number {
    return isOne
      ? 1
      : (value as { length: number }).length / (element.kind === 'foreign' ? this.types.size(element) : 1);
  }

  /** Sizes are the caller's; sizes and counts in structures stay what they were. */
  unmarshal(cursor: Cursor, element: CType, of: { passed: EdlValue; isOne: boolean; isDeep: boolean }): EdlValue {
    const { passed, isOne, isDeep } = of;
    const size = this.types.size(element);
    const bytes = size * this.lengthOf(passed, element, isOne);
    const at = take(cursor, bytes);
    if (!isDeep || !this.types.isDeep(element)) return this.readElements(at, element, { bytes, isOne });
    const { members } = this.types.composite(element.name);
    const measures = members.flatMap(({ extent }) =>
      [extent?.count, extent?.size].flatMap((m) => (m !== undefined && 'name' in m ? [m.name] : [])),
    );
    const items = this.elementsOf(passed, isOne).map((item, i): EdlValue => {
      const struct = at + BigInt(i * size);
      const lhs = item as Values;
      return Object.fromEntries(
        members.map((member): [string, EdlValue] => {
          const { name, type, extent } = member;
          const old = lhs[name] ?? null;
          if (measures.includes(name)) return [name, old];
          if (extent === undefined || type.kind !== 'pointer') {
            return [name, this.types.read(this.memory, this.place(element, member, struct), type)];
          }
          if (old === null) return [name, null];
          return [
            name,
            this.unmarshal(cursor, type.to, { passed: old, isOne: isOneOf(type.to, extent), isDeep: true }),
          ];
        }),
      );
    });
    return isOne ? (items[0] ?? null) : items;
  }
}

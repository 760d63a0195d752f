import assert from 'node:assert/strict';
import { arenaMemory, imageBytes, layoutOf, type Abi, type ArenaImage, type CallLayout } from '@enclos/edl-calls';
import type { EdlModel } from '@enclos/edl-compiler';
import type { OcallServer, SgxCalls } from '@enclos/edl-calls/host';

/** Where the arena of the fake process begins. */
const base = 0x7f00_0000_0000n;
const arenaBytes = 256 * 1024;

/** A call as code inside sees it: the memory of its structure, and what its pointers lead to. */
export interface InsideCall {
  /** Of the structure that the enclave reads. */
  readonly field: (name: string) => DataView;
  /** The memory at a pointer. It is written in place. */
  readonly at: (name: string, bytes: number) => Uint8Array;
  /** What an OCALL with one string in front of it returns. */
  readonly ocall: (index: number, text: string, numbers: Readonly<Record<string, number>>) => Promise<bigint>;
  /** Sets what the ECALL returns. */
  readonly answer: (value: bigint) => void;
}

/** What stands behind an ECALL, by its index. */
export type InsideCode = readonly ((call: InsideCall) => Promise<void> | void)[];

/**
 * An enclave's process in TypeScript, for one SDK: it reads and writes structures where the layouts say, as the code does that the
 * SDK generates. It shares the layouts with the codec and nothing else.
 */
export class FakeEnclave implements SgxCalls {
  readonly abi: Abi;
  readonly freed: bigint[] = [];
  readonly #layouts: {
    readonly ecalls: readonly (CallLayout | undefined)[];
    readonly ocalls: readonly (CallLayout | undefined)[];
  };
  readonly #code: InsideCode;
  readonly #server: OcallServer;
  readonly #arena = Buffer.alloc(arenaBytes);
  #used = 0;

  constructor(model: EdlModel, { abi, code, server }: { abi: Abi; code: InsideCode; server: OcallServer }) {
    this.abi = abi;
    this.#layouts = layoutOf(model)[abi];
    this.#code = code;
    this.#server = server;
  }

  async ecall(index: number, image: ArenaImage | undefined) {
    const start = this.#used;
    const address = image === undefined ? 0n : this.#place(image);
    const layout = this.#layouts.ecalls[index];
    const code = this.#code[index];
    assert.ok(code !== undefined);
    if (this.abi === 'intel') {
      await this.#intelEcall(code, layout, image === undefined ? 0n : address + BigInt(image.start));
    } else await this.#openEnclaveEcall(code, layout, address + BigInt(image?.start ?? 0));
    const memory = arenaMemory(Buffer.from(this.#arena), base);
    this.#used = start;
    return { memory, address };
  }

  free(address: bigint): Promise<void> {
    this.freed.push(address);
    return Promise.resolve();
  }

  #place(image: ArenaImage): bigint {
    const { bytes, pointers } = image;
    const address = this.#reserve(imageBytes(image));
    this.#bytes(address, bytes.length).set(bytes);
    for (const { at, target } of pointers) {
      this.#view(address + BigInt(at)).setBigUint64(0, address + BigInt(target), true);
    }
    return address;
  }

  async #intelEcall(code: InsideCode[number], layout: CallLayout | undefined, ms: bigint): Promise<void> {
    await code({
      field: (name) => this.#view(ms + offsetOf(layout, `ms_${name}`)),
      at: (name, bytes) => this.#bytes(this.#pointer(ms + offsetOf(layout, `ms_${name}`)), bytes),
      answer: (value) => this.#view(ms + offsetOf(layout, 'ms_retval')).setBigInt64(0, value, true),
      ocall: async (index, text, numbers) => {
        const called = this.#layouts.ocalls[index];
        const line = this.#text(text);
        const callee = this.#reserve(called?.bytes ?? 0);
        this.#view(callee + offsetOf(called, 'ms_line')).setBigUint64(0, line, true);
        this.#numbers(callee, called, 'ms_', numbers);
        await this.#host(index, callee);
        return this.#view(callee + offsetOf(called, 'ms_retval')).getBigInt64(0, true);
      },
    });
  }

  /** The record of a call: index, input and its size, output and its size, bytes written, result. */
  async #openEnclaveEcall(code: InsideCode[number], layout: CallLayout | undefined, record: bigint): Promise<void> {
    const input = this.#pointer(record + 8n);
    const output = this.#pointer(record + 24n);
    const outputBytes = this.#view(record + 32n).getBigUint64(0, true);
    // As generated code does: values that go in and out are copied in the order of the parameters, 16 bytes apart.
    let piece = output + round(BigInt(layout?.bytes ?? 0));
    await code({
      field: (name) => this.#view(input + offsetOf(layout, name)),
      at: (name, bytes) => {
        const given = this.#pointer(input + offsetOf(layout, name));
        if (!outputs.has(name)) return this.#bytes(given, bytes);
        const place = this.#bytes(piece, bytes);
        if (outputs.get(name) === 'inout') place.set(this.#bytes(given, bytes));
        piece += round(BigInt(bytes));
        return place;
      },
      answer: (value) => this.#view(output + offsetOf(layout, 'oe_retval')).setBigInt64(0, value, true),
      ocall: (index, text, numbers) => this.#openEnclaveOcall(index, text, numbers),
    });
    // oe_result and the deep-copy buffer of the structure, bytes written and result of the record.
    this.#bytes(output, 24).fill(0);
    this.#view(record + 40n).setBigUint64(0, outputBytes, true);
    this.#view(record + 48n).setUint32(0, 0, true);
  }

  async #openEnclaveOcall(index: number, text: string, numbers: Readonly<Record<string, number>>): Promise<bigint> {
    const called = this.#layouts.ocalls[index];
    const head = round(BigInt(called?.bytes ?? 0));
    const terminated = Buffer.from(`${text}\0`);
    const inputBytes = head + round(BigInt(terminated.length));
    const input = this.#reserve(Number(inputBytes));
    this.#bytes(input + head, terminated.length).set(terminated);
    this.#view(input + offsetOf(called, 'line')).setBigUint64(0, input + head, true);
    this.#view(input + offsetOf(called, 'line_len')).setBigUint64(0, BigInt(terminated.length), true);
    this.#numbers(input, called, '', numbers);
    const output = this.#reserve(Number(head));
    const record = this.#reserve(56);
    const view = this.#view(record);
    for (const [at, value] of [BigInt(index), input, inputBytes, output, head].entries()) {
      view.setBigUint64(at * 8, value, true);
    }
    await this.#host(index, record);
    assert.equal(this.#view(record + 48n).getUint32(0, true), 0, 'the host answered');
    return this.#view(output + offsetOf(called, 'oe_retval')).getBigInt64(0, true);
  }

  async #host(index: number, address: bigint): Promise<void> {
    const allocate = (bytes: number): bigint => this.#reserve(bytes);
    const memory = arenaMemory(this.#arena, base);
    const patches = await this.#server.ocall(index, { memory, address, calls: this, allocate });
    for (const patch of patches) this.#bytes(patch.address, patch.bytes.length).set(patch.bytes);
  }

  #numbers(
    at: bigint,
    layout: CallLayout | undefined,
    prefix: string,
    numbers: Readonly<Record<string, number>>,
  ): void {
    for (const [name, value] of Object.entries(numbers)) {
      this.#view(at + offsetOf(layout, prefix + name)).setUint32(0, value, true);
    }
  }

  #text(text: string): bigint {
    const bytes = Buffer.from(`${text}\0`);
    const address = this.#reserve(bytes.length);
    this.#bytes(address, bytes.length).set(bytes);
    return address;
  }

  #reserve(bytes: number): bigint {
    const at = base + BigInt(this.#used);
    this.#used += Number(round(BigInt(bytes)));
    assert.ok(this.#used <= arenaBytes);
    this.#bytes(at, bytes).fill(0);
    return at;
  }

  #pointer(address: bigint): bigint {
    return this.#view(address).getBigUint64(0, true);
  }

  #view(address: bigint): DataView {
    const { buffer, byteOffset, length } = this.#arena;
    const at = Number(address - base);
    return new DataView(buffer, byteOffset + at, length - at);
  }

  #bytes(address: bigint, bytes: number): Uint8Array {
    const at = Number(address - base);
    return this.#arena.subarray(at, at + bytes);
  }
}

/** Parameters of the interface of the test that come back. */
const outputs: ReadonlyMap<string, 'out' | 'inout'> = new Map([
  ['text', 'out'],
  ['point', 'inout'],
]);

function offsetOf(layout: CallLayout | undefined, name: string): bigint {
  const field = layout?.fields.find((item) => item.name === name);
  assert.ok(field !== undefined, name);
  return BigInt(field.offset);
}

function round(bytes: bigint): bigint {
  return ((bytes + 15n) / 16n) * 16n;
}

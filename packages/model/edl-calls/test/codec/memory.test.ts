import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBack } from '@enclos/edl';
import { compileEdl, type EdlModel } from '@enclos/edl-compiler';
import { type ArenaMemory, callCodec } from '@enclos/edl-calls';
import { abis } from './calling.ts';

const dialects = { intel: 'intel', oe: 'oe' } as const;
const largeBytes = 1_000_000;

function modelOf(declarations: string, abi: keyof typeof dialects): EdlModel {
  const text = `enclave { struct padded { char c; uint64_t v; }; ${declarations} };`;
  const { model } = compileEdl({ file: 'a.edl', read: () => text, dialect: dialects[abi] });
  assert.ok(model !== undefined);
  return model;
}

/** Memory that gives views of its bytes, from `base` on. */
const base = 0x1000n;
function viewsOf(bytes: Uint8Array): ArenaMemory {
  const reach = (address: bigint): number => bytes.length - Number(address - base);
  return {
    reach,
    read: (address, length) => bytes.subarray(Number(address - base), Number(address - base) + length),
  };
}

test('a large image is built where another one was, and nothing of that one is in it', () => {
  const move = `trusted { public void move([out, count=3] uint32_t* first, [in, size=n] const uint8_t* source,
    [out, size=n] uint8_t* target, [in, count=2] struct padded* padded, [in, string] const char* text,
    [in, out, size=n] uint8_t* both, size_t n); };`;
  for (const abi of abis) {
    const [call] = callCodec(modelOf(move, abi), { abi }).ecalls;
    // No multiple of the alignment: there are gaps.
    const source = new Uint8Array(largeBytes + 1).fill(7);
    const padded = [
      { c: 1, v: 2n },
      { c: 3, v: 4n },
    ];
    const image = () => call?.encodeArguments({ source, padded, text: 'text', both: source }).image;
    const fresh = image();
    assert.ok(fresh !== undefined);
    const before = new Uint8Array(fresh.bytes.buffer.byteLength).fill(0xee);
    giveBack(before);
    const again = image();
    assert.ok(again?.bytes.buffer === before.buffer);
    assert.deepEqual(again, fresh);
  }
});

test('large bytes of a result stay in the memory of the answer where they are most of it, and others are copied', () => {
  const fill = 'trusted { public void fill([out, size=n] uint8_t* target, size_t n); };';
  for (const abi of abis) {
    const [call] = callCodec(modelOf(fill, abi), { abi }).ecalls;
    const filled = (n: number, { shift = 0, more = 0 } = {}) => {
      const encoded = call?.encodeArguments({ n: BigInt(n) });
      assert.ok(encoded?.image !== undefined);
      const { bytes, blankBytes = 0, pointers } = encoded.image;
      const memory = new Uint8Array(shift + bytes.length + blankBytes + more).subarray(shift);
      memory.set(bytes);
      const view = new DataView(memory.buffer, memory.byteOffset);
      for (const { at, target } of pointers) view.setBigUint64(at, base + BigInt(target), true);
      if (abi === 'oe') answerOfOpenEnclave(view);
      memory.fill(9, memory.length - more - n, memory.length - more);
      const { target } = encoded.decodeResult(viewsOf(memory), base).outputs;
      assert.ok(target instanceof Uint8Array);
      assert.deepEqual(target, new Uint8Array(n).fill(9));
      return target.buffer === memory.buffer;
    };
    assert.deepEqual(
      [
        filled(largeBytes),
        filled(largeBytes, { shift: 8 }),
        filled(largeBytes, { shift: 4 }),
        filled(largeBytes, { more: largeBytes + 8 }),
        filled(1024),
      ],
      [true, true, false, false, false],
      abi,
    );
  }
});

/** The call went well, and the whole output buffer was filled (oe_call_function). */
function answerOfOpenEnclave(view: DataView): void {
  const outputBytes = view.getBigUint64(32, true);
  view.setBigUint64(40, outputBytes, true);
  view.setUint32(48, 0, true);
}

test('a handler that changes large bytes of an OCALL changes nothing of what the enclave passed', () => {
  const change = 'trusted { public void f(); }; untrusted { void change([in, out, size=n] uint8_t* data, size_t n); };';
  const codec = callCodec(modelOf(change, 'intel'), { abi: 'intel' });
  const memory = new Uint8Array(16 + largeBytes).fill(5, 16);
  const view = new DataView(memory.buffer);
  view.setBigUint64(0, base + 16n, true);
  view.setBigUint64(8, BigInt(largeBytes), true);
  const call = codec.ocalls[0]?.decodeArguments(viewsOf(memory), base);
  const data = call?.values['data'];
  assert.ok(data instanceof Uint8Array && data.buffer !== memory.buffer);
  data.fill(6);
  for (const { bytes } of call?.encodeResult({}) ?? []) assert.ok(!bytes.includes(6));
});

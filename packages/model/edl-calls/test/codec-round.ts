// One random call through a codec and the reference model of the other side.
import assert from 'node:assert/strict';
import { isEnclosError } from '@enclos/errors';
import type { EdlModel, FunctionModel } from '@enclos/edl-compiler';
import { arenaMemory, type ArenaPatch, callCodec, type EdlValue } from '../src/index.ts';
import { CMemory } from './reference/c-memory.ts';
import { IntelSide } from './reference/intel-side.ts';
import { OeSide } from './reference/oe-side.ts';
import { Random } from './reference/random.ts';
import { randomArguments, randomOutputs, RandomValues, type Values } from './reference/random-values.ts';

export const base = 0x7f00_0000_0000n;

export type Abi = 'intel' | 'oe';

/** How deep pointers are followed: a structure's, or also those of what they lead to. */
const depthOf = (abi: Abi): number => (abi === 'intel' ? 0 : 5);

/** What a caller gives: without outputs, and sometimes without numbers that buffers tell. */
function given(call: FunctionModel, values: Values, random: Random): Values {
  const told = new Set<string>();
  const needed = new Set<string>();
  for (const { name, passing } of call.parameters) {
    if (passing.kind !== 'buffer') continue;
    for (const measure of [passing.extent.size, passing.extent.count]) {
      if (measure !== undefined && 'name' in measure) (passing.direction === 'out' ? needed : told).add(measure.name);
      if (measure !== undefined && 'name' in measure && values[name] === null && passing.direction !== 'out') {
        needed.add(measure.name);
      }
    }
  }
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      const passing = call.parameters.find((parameter) => parameter.name === name)?.passing;
      if (passing?.kind === 'buffer' && passing.direction === 'out') return value === null;
      return !(told.has(name) && !needed.has(name) && random.chance(50));
    }),
  );
}

/** What the other side sees: everything but outputs, and NULL for them. */
function seen(call: FunctionModel, values: Values): Values {
  const isOutput = (name: string): boolean => {
    const passing = call.parameters.find((parameter) => parameter.name === name)?.passing;
    return passing?.kind === 'buffer' && passing.direction === 'out';
  };
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !isOutput(name) || value === null));
}

function returnedOf(model: EdlModel, call: FunctionModel, random: Random): { returned?: EdlValue } {
  if (call.returns.kind === 'basic' && call.returns.name === 'void') return {};
  return { returned: new RandomValues(model, random).value(call.returns) };
}

/** A random call: what a caller gives, what the other side sees, and what it answers. */
export interface RandomCall {
  readonly given: Values;
  readonly seen: Values;
  /** `seen`, with what the buffers hold that the other side fills. */
  readonly all: Values;
  readonly answer: { readonly returned?: EdlValue; readonly outputs: Values };
}

export function randomCall(
  model: EdlModel,
  call: FunctionModel,
  { abi, seed }: { abi: Abi; seed: number },
): RandomCall {
  const random = new Random(seed);
  const depth = depthOf(abi);
  const all = randomArguments(call, model, { random, depth });
  const outputs = randomOutputs(call, model, { values: all, random, depth });
  return {
    given: given(call, all, random),
    seen: seen(call, all),
    all,
    answer: { ...returnedOf(model, call, random), outputs },
  };
}

export function roundTripEcall(model: EdlModel, index: number, { abi, seed }: { abi: Abi; seed: number }): void {
  const call = model.ecalls[index];
  if (call === undefined) return;
  const codec = callCodec(model, { abi });
  const { given: values, seen: expected, answer } = randomCall(model, call, { abi, seed });
  const passed = encodedOf(() => codec.ecalls[index]?.encodeArguments(values));
  if (passed === 'skipped') return;
  assert.ok(passed);
  const { image, decodeResult } = passed;
  if (image === undefined) {
    assert.equal(abi, 'intel');
    assert.deepEqual(decodeResult(arenaMemory(new Uint8Array(), base), 0n), { outputs: {} });
    return;
  }
  const memory = CMemory.of(image, base, 65_536);
  const Side = abi === 'intel' ? IntelSide : OeSide;
  const side = new Side({ model, call, memory });
  const start = base + BigInt(image.start);
  assert.deepEqual(side.arguments(start), expected);
  side.answer(start, answer);
  assert.deepEqual(decodeResult(arenaMemory(memory.bytes, base), base), answer);
  assert.equal(passed.deepCopyBuffer === undefined, abi === 'intel');
}

/** What code of the SDK of Intel cannot copy back is refused, and tested elsewhere. */
export function encodedOf<T>(encode: () => T): T | 'skipped' {
  try {
    return encode();
  } catch (error) {
    if (isEnclosError(error) && /loses its place/.test(error.message)) return 'skipped';
    throw error;
  }
}

export function roundTripOcall(model: EdlModel, index: number, { abi, seed }: { abi: Abi; seed: number }): void {
  const call = model.ocalls[index];
  if (call === undefined) return;
  const codec = callCodec(model, { abi });
  const { all: values, seen: expected, answer: random } = randomCall(model, call, { abi, seed });
  const answer = { ...random, ...(call.propagatesErrno ? { errno: seed % 100 } : {}) };
  const memory = new CMemory(new Uint8Array(262_144), base);
  const Side = abi === 'intel' ? IntelSide : OeSide;
  const side = new Side({ model, call, memory });
  const isNaked = abi === 'intel' && side.fields.length === 0;
  const address = isNaked ? 0n : side.pass(values, base + 64n);
  let top = base + 131_072n;
  const allocate = (bytes: number): bigint => {
    const at = top;
    top += BigInt(bytes);
    return at;
  };
  const called = codec.ocalls[index]?.decodeArguments(arenaMemory(memory.bytes, base), address);
  assert.ok(called);
  assert.deepEqual(called.values, expected);
  applyPatches(memory, called.encodeResult({ ...answer, allocate }));
  if (isNaked) return;
  assert.deepEqual(side.results(address), answer);
}

export function applyPatches(memory: CMemory, patches: readonly ArenaPatch[]): void {
  for (const { address, bytes } of patches) {
    const at = memory.at(address);
    if (at + bytes.length > memory.bytes.length) throw new Error('A patch leaves the arena.');
    memory.bytes.set(bytes, at);
  }
}

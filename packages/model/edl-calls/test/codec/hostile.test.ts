import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { type ArenaMemory, arenaMemory, callCodec } from '../../src/index.ts';
import { applyPatches, base } from '../codec-round.ts';
import { CMemory } from '../reference/c-memory.ts';
import { Random } from '../reference/random.ts';
import { hasCode } from '../refusals.ts';
import { abis, type MadeEcall, makeEcall, makeOcall } from './calling.ts';
import { everyArgument, everyOutput, everything, everyValue, plainValue } from './everything.ts';

const refuses = (run: () => unknown, pattern: RegExp): void =>
  assert.throws(run, hasCode('EDL_VALUE_REFUSED', pattern));

const bound = 64 * 1024;
const rounds = 2000;

/** Counts what is read, and notices what would be read elsewhere. */
function watched(bytes: Uint8Array): { readonly memory: ArenaMemory; readonly readBytes: () => number } {
  const inner = arenaMemory(bytes, base);
  let sum = 0;
  const memory: ArenaMemory = {
    reach: inner.reach,
    read(address, length) {
      assert.ok(Number.isInteger(length) && length >= 0);
      sum += length;
      return inner.read(address, length);
    },
  };
  return { memory, readBytes: () => sum };
}

/** Bytes become others, words become addresses, lengths or nothing. */
function corrupt(memory: CMemory, random: Random): void {
  const words = [
    0n,
    1n,
    2n ** 63n,
    2n ** 64n - 1n,
    0xffff_ffffn,
    base,
    base + 64n,
    base + BigInt(memory.bytes.length) - 1n,
    BigInt(bound),
  ];
  for (let i = random.below(6); i >= 0; i--) {
    if (random.chance(50)) memory.bytes[random.below(memory.bytes.length)] = random.below(256);
    else memory.view.setBigUint64(8 * random.below(Math.floor(memory.bytes.length / 8)), random.pick(words), true);
  }
}

/** Accepts what an honest enclave could have meant, and refusals; everything else is a finding. */
function survives(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!isEnclosError(error) || !['EDL_VALUE_REFUSED', 'EDL_CALL_FAILED'].includes(error.code)) throw error;
  }
}

for (const abi of abis) {
  test(`whatever an enclave of ${abi} leaves in an image, its result is decoded or refused within the bound`, () => {
    const random = new Random(3);
    const made = makeEcall(everything(abi), everyArgument(abi), { abi, maxBytes: bound });
    const untouched = made.memory.bytes.slice();
    made.side.arguments(made.start);
    made.side.answer(made.start, { returned: plainValue, outputs: everyOutput(abi) });
    let decoded = 0;
    for (let round = 0; round < rounds; round++) {
      const memory = new CMemory((round % 4 === 0 ? untouched : made.memory.bytes).slice(), base);
      corrupt(memory, random);
      const { memory: seen, readBytes } = watched(memory.bytes);
      survives(() => {
        made.decode(seen);
        decoded++;
      });
      assert.ok(readBytes() <= bound);
    }
    assert.ok(decoded > 20, `${decoded} results`);
  });

  test(`whatever an enclave of ${abi} passes, it is decoded or refused within the bound, and answers stay in the arena`, () => {
    const random = new Random(4);
    const codec = callCodec(everything(abi), { abi, maxBytes: bound }).ocalls[0];
    const made = makeOcall(everything(abi), everyValue(abi), { abi });
    const before = made.memory.bytes.slice();
    let answered = 0;
    for (let round = 0; round < rounds; round++) {
      made.memory.bytes.set(before);
      // The last of the arena is for deep copies.
      const used = new CMemory(made.memory.bytes.subarray(0, 1600), base);
      corrupt(used, random);
      const { memory: seen, readBytes } = watched(made.memory.bytes);
      survives(() => {
        const { encodeResult } = codec?.decodeArguments(seen, made.address) ?? assert.fail();
        const patches = encodeResult({ returned: 0, outputs: everyOutput(abi), allocate: () => base + 4096n });
        applyPatches(made.memory, patches);
        answered++;
      });
      assert.ok(readBytes() <= bound);
    }
    assert.ok(answered > 20, `${answered} answers`);
  });

  test(`random bytes as memory of ${abi} are decoded or refused`, () => {
    const random = new Random(5);
    const codec = callCodec(everything(abi), { abi, maxBytes: bound });
    for (let round = 0; round < 500; round++) {
      const bytes = Uint8Array.from({ length: random.below(2048) }, () => random.below(random.pick([2, 256])));
      const { memory, readBytes } = watched(bytes);
      survives(() => codec.ocalls[0]?.decodeArguments(memory, base + BigInt(random.below(64))));
      survives(() => codec.ecalls[0]?.encodeArguments(everyArgument(abi)).decodeResult(memory, base));
      assert.ok(readBytes() <= 2 * bound);
    }
  });
}

test('an enclave of the SDK of Intel changes no address, and enlarges nothing', () => {
  const fresh = () => {
    const made = makeEcall(everything('intel'), everyArgument('intel'));
    const answer = { returned: plainValue, outputs: everyOutput('intel') };
    made.side.answer(made.start, answer);
    return made;
  };
  const { side, start } = fresh();
  assert.ok(fresh().decode());
  const change = (at: bigint, by: bigint, pattern: RegExp): void => {
    const made = fresh();
    made.memory.setWord(at, made.memory.word(at) + by);
    refuses(() => made.decode(), pattern);
  };
  for (const name of ['s', 'w', 'raw', 'numbers', 'plains', 'truths', 'node', 'list']) {
    change(side.field(start, `ms_${name}`), 8n, new RegExp(`f\\.${name}: the enclave changed its address`));
  }
  const node = side.memory.word(side.field(start, 'ms_node'));
  change(node, 8n, /f\.node\.leaves: the enclave changed its address/);
  change(node + 8n, 1n, /f\.node\.leaves: 48 bytes, but 32 were passed/);
  change(node + 8n, 0xfffdn, /negative/);
  change(node + 32n, 1n, /f\.node\.sized: 9 bytes, which is not a multiple/);
  change(node + 32n, 4n, /f\.node\.sized: 12 bytes, but 8 were passed/);
  const second = side.memory.word(side.field(start, 'ms_nodes')) + 40n;
  change(second, base, /f\.nodes\[1\]\.leaves: the enclave changed its address/);
  // It may shorten.
  const shorter = fresh();
  shorter.memory.setWord(node + 32n, 4n);
  assert.deepEqual(Reflect.get(Object(shorter.decode().outputs['node']), 'sized'), Uint32Array.of(1));
});

test('an enclave of Open Enclave says that the call succeeded, fills its buffer, and enlarges nothing', () => {
  const fresh = () => {
    const made = makeEcall(everything('oe'), everyArgument('oe'), { abi: 'oe' });
    made.side.arguments(made.start);
    made.side.answer(made.start, { returned: plainValue, outputs: everyOutput('oe') });
    return made;
  };
  const { memory, start } = fresh();
  const output = memory.word(start + 24n);
  assert.deepEqual(fresh().decode().outputs, everyOutput('oe'));
  assert.equal(fresh().deepCopyBuffer(), memory.word(output + 8n));
  const failsWith = (status: number, change: (made: MadeEcall) => void): void => {
    const made = fresh();
    change(made);
    assert.throws(
      () => made.decode(),
      (error) => isEnclosError(error) && error.code === 'EDL_CALL_FAILED' && error.details?.['status'] === status,
    );
    assert.equal(made.deepCopyBuffer(), undefined);
  };
  const poke = (made: MadeEcall, at: bigint, word: bigint): void => made.memory.setWord(at, word);
  failsWith(3, (made) => made.memory.view.setUint32(made.memory.at(output), 3, true));
  failsWith(7, (made) => poke(made, start + 48n, 7n));
  failsWith(5, (made) => {
    poke(made, start + 48n, 7n);
    made.memory.view.setUint32(made.memory.at(output), 5, true);
  });
  const change = (at: bigint, word: bigint, pattern: RegExp): void => {
    const made = fresh();
    poke(made, at, word);
    refuses(() => made.decode(), pattern);
    // It is freed nevertheless.
    assert.equal(made.deepCopyBuffer() ?? 0n, made.memory.word(output + 8n));
  };
  change(start + 40n, 16n, /did not fill/);
  change(output + 8n, 0n, /deep-copy buffer has no address or no size/);
  change(output + 16n, 0n, /deep-copy buffer has no address or no size/);
  change(output + 16n, 2n ** 62n, /deep-copy buffer has no address or no size/);
  change(output + 16n, memory.word(output + 16n) - 16n, /does not end inside its buffer/);
  change(output + 16n, memory.word(output + 16n) + 16n, /16 bytes follow its last value/);
  change(output + 8n, 16n, /not in the arena/);
});

test('an enclave of Open Enclave cannot shrink a size or count either: it is what was passed', () => {
  const made = makeEcall(everything('oe'), everyArgument('oe'), { abi: 'oe' });
  made.side.arguments(made.start);
  made.side.answer(made.start, { returned: plainValue, outputs: everyOutput('oe') });
  const { node } = made.decode().outputs;
  const output = made.memory.word(made.start + 24n);
  // The last structure of the output buffer before its pieces has the count 2 and the size 8.
  const words = Array.from({ length: 200 }, (_, i) => output + BigInt(8 * i));
  const size = words.find(
    (at) => made.memory.word(at) === 8n && made.memory.view.getInt16(made.memory.at(at - 24n), true) === 2,
  );
  assert.ok(size !== undefined);
  made.memory.setWord(size, 4n);
  made.memory.view.setInt16(made.memory.at(size - 24n), 1, true);
  assert.deepEqual(made.decode().outputs['node'], node);
  made.memory.setWord(size, 9n);
  refuses(() => made.decode(), /f\.node: the enclave enlarged its measure "s"/);
});

test('a list is followed only so far, however long an enclave makes it', () => {
  const list = everything('oe');
  const only = {
    ...list,
    ocalls: list.ocalls.map((call) => ({ ...call, parameters: call.parameters.filter(({ name }) => name === 'list') })),
  };
  let long: { v: number; next: unknown } = { v: 0, next: null };
  for (let i = 0; i < 60; i++) long = { v: i, next: long };
  const passed = (value: unknown) => makeOcall(only, { list: value as never }, { abi: 'oe' }).decode();
  assert.deepEqual(passed(long).values['list'], long);
  for (let i = 0; i < 10; i++) long = { v: i, next: long };
  refuses(() => passed(long), /more than 64 times/);
});

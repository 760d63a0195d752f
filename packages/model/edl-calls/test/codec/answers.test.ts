import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arenaMemory, callCodec } from '../../src/index.ts';
import { base } from '../codec-round.ts';
import { basic, buffer, composite, followed, member, model, ocall, struct, text, unchecked, value } from '../models.ts';
import { hasCode } from '../refusals.ts';
import { abis, makeOcall } from './calling.ts';
import { everyOutput, everything, everyValue } from './everything.ts';

const refuses = (run: () => unknown, pattern: RegExp): void =>
  assert.throws(run, hasCode('EDL_VALUE_REFUSED', pattern));

const allocate = (): bigint => base + 4096n;

test('an OCALL gives the values that were passed, and its answer is what the enclave reads', () => {
  for (const abi of abis) {
    const made = makeOcall(everything(abi), everyValue(abi), { abi });
    const { values, encodeResult } = made.decode();
    assert.equal(values['s'], 'text');
    assert.equal('numbers' in values, false);
    const answer = { returned: 2, errno: 9, outputs: everyOutput(abi) };
    assert.deepEqual(made.finish(encodeResult({ ...answer, allocate })), answer);
  }
});

test('an answer has its result, an errno that is an int, and outputs of the function only', () => {
  for (const abi of abis) {
    const { decode } = makeOcall(everything(abi), everyValue(abi), { abi });
    const { encodeResult } = decode();
    refuses(() => encodeResult({ allocate }), /g\.return: it is missing/);
    refuses(() => encodeResult({ returned: 1 }), /g\.return: not an enumerator/);
    refuses(() => encodeResult({ returned: 0, errno: 0.5 }), /g\.errno/);
    refuses(() => encodeResult({ returned: 0, errno: 2 ** 31 }), /g\.errno/);
    refuses(() => encodeResult({ returned: 0, outputs: { w: 'x' } }), /no output "w"/);
    refuses(
      () => encodeResult({ returned: 0, outputs: { s: 'longer' } }),
      /g\.s: 7 bytes, but the enclave has room for 5/,
    );
    refuses(() => encodeResult({ returned: 0, outputs: { numbers: [1n, 2n, 3n] } }), /g\.numbers: 3 elements/);
    refuses(() => encodeResult({ returned: 0, outputs: { raw: new Uint8Array(4) } }), /g\.raw: 4 elements/);
    refuses(() => encodeResult({ returned: 0, outputs: { node: { n: 3, s: 8n } } }), /g\.node\.n: more than the 2/);
    refuses(() => encodeResult({ returned: 0, outputs: { node: { leaves: [], q: 1 } } }), /no member "q"/);
  }
});

test('what an answer leaves out stays as it was, and zeros where nothing was', () => {
  for (const abi of abis) {
    const made = makeOcall(everything(abi), everyValue(abi), { abi });
    const { encodeResult } = made.decode();
    const outputs = {
      s: 'x',
      numbers: [5n],
      raw: Uint8Array.of(1),
      node: { one: { e: 0, b: [false, false, false], u: new Uint8Array(8) } },
    };
    const results = made.finish(encodeResult({ returned: 0, outputs, allocate })).outputs;
    const before = everyValue(abi);
    assert.equal(results['s'], 'x');
    assert.deepEqual(results['numbers'], BigInt64Array.of(5n, 0n));
    assert.deepEqual(results['raw'], Uint8Array.of(1, 8, 7));
    assert.deepEqual(results['plains'], before['plains']);
    assert.deepEqual(results['truths'], [false, false, false, false]);
    assert.deepEqual(results['node'], { ...Object(before['node']), one: outputs.node.one });
    assert.deepEqual(made.finish(made.decode().encodeResult({ returned: 0 })).errno, 0);
  }
});

test('NULL stays NULL: an answer for it is ignored, and inside of structures refused', () => {
  for (const abi of abis) {
    const passed = {
      ...everyValue(abi),
      raw: null,
      rawSize: 3n,
      node: { leaves: null, n: 5, one: null, sized: null, s: 0n },
    };
    const made = makeOcall(everything(abi), passed, { abi });
    const { values, encodeResult } = made.decode();
    assert.equal(values['raw'], null);
    const outputs = { raw: new Uint8Array(3) };
    assert.equal('raw' in made.finish(encodeResult({ returned: 0, outputs, allocate })).outputs, false);
    refuses(
      () =>
        encodeResult({
          returned: 0,
          outputs: { node: { one: { e: 0, b: [true, true, true], u: new Uint8Array(8) } } },
        }),
      /g\.node\.one: the enclave passed NULL/,
    );
  }
});

const deepOut = model({
  composites: [
    composite('struct', 'leaf', [member('n', basic('int')), followed('bytes', basic('char'), { count: 'n' })]),
  ],
  ocalls: [ocall('g', [buffer('leaves', 'out', struct('leaf'), { count: 3 })])],
});

test('deep copies that are out alone go to a buffer that the host reserves', () => {
  const made = makeOcall(deepOut, { leaves: [] }, { abi: 'oe' });
  const { encodeResult } = made.decode();
  const leaves = [{ bytes: Buffer.from('abc') }, { bytes: Buffer.from('d'), n: 1 }];
  let asked = 0;
  const patches = encodeResult({
    outputs: { leaves },
    allocate(bytes) {
      asked = bytes;
      return base + 4096n;
    },
  });
  assert.equal(asked, 32);
  assert.equal(patches[0]?.address, base + 4096n);
  refuses(() => encodeResult({ outputs: { leaves } }), /"allocate"/);
  refuses(
    () => encodeResult({ outputs: { leaves: [...leaves, ...leaves] }, allocate }),
    /4 elements, but .* room for 3/,
  );
  refuses(
    () => encodeResult({ outputs: { leaves: [{ n: 2, bytes: Buffer.from('abc') }] }, allocate }),
    /g\.leaves\[0\]\.bytes: 3 bytes, but .* say 2/,
  );
  assert.ok(encodeResult({}));
});

test('an OCALL without values passes NULL in the SDK of Intel, and nothing else', () => {
  const naked = callCodec(model({ ocalls: [ocall('g', [])] }), { abi: 'intel' }).ocalls[0];
  const memory = arenaMemory(new Uint8Array(64), base);
  assert.deepEqual(naked?.decodeArguments(memory, 0n).values, {});
  assert.deepEqual(naked?.decodeArguments(memory, 0n).encodeResult({}), []);
  refuses(() => naked?.decodeArguments(memory, base), /an address is there/);
  refuses(() => naked?.decodeArguments(memory, 0n).encodeResult({ outputs: { x: 1 } }), /no output "x"/);
  const errno = callCodec(model({ ocalls: [ocall('g', [], { propagatesErrno: true })] }), { abi: 'intel' }).ocalls[0];
  assert.deepEqual(errno?.decodeArguments(memory, base).encodeResult({ errno: 5 })[0]?.bytes[0], 5);
  refuses(() => errno?.decodeArguments(memory, 0n), /not in the arena/);
});

test('what an enclave passes lies in the arena, ends, and is text', () => {
  const called = model({
    ocalls: [
      ocall('g', [
        text('s', 'in'),
        text('w', 'in', true),
        buffer('b', 'out', basic('int'), { count: 'n' }),
        value('n', basic('int')),
        unchecked('p'),
      ]),
    ],
  });
  const values = { s: 'abc', w: 'x', b: [], n: 2 };
  const change = (of: (made: ReturnType<typeof makeOcall>) => void, pattern: RegExp): void => {
    const made = makeOcall(called, values);
    of(made);
    refuses(made.decode, pattern);
  };
  const field = (made: ReturnType<typeof makeOcall>, name: string): bigint =>
    made.side.field(made.address, `ms_${name}`);
  change((made) => made.memory.setWord(field(made, 's'), 5n), /g\.s: it does not end inside the arena/);
  change(
    (made) => made.memory.bytes.fill(1, made.memory.at(made.memory.word(field(made, 's')))),
    /g\.s: it does not end/,
  );
  change(
    (made) => (made.memory.bytes[made.memory.at(made.memory.word(field(made, 's')))] = 0xff),
    /g\.s: it is not UTF-8/,
  );
  change(
    (made) => made.memory.view.setUint32(made.memory.at(made.memory.word(field(made, 'w'))), 0xd800, true),
    /g\.w: it is not UTF-32/,
  );
  change(
    (made) => made.memory.view.setUint32(made.memory.at(made.memory.word(field(made, 'w'))), 0x11_0000, true),
    /g\.w: it is not UTF-32/,
  );
  change((made) => made.memory.setWord(field(made, 'b'), base + 8188n), /g\.b: it is not in the arena/);
  change(
    (made) => made.memory.view.setInt32(made.memory.at(field(made, 'n')), -1, true),
    /g\.b: its measure "n" is negative/,
  );
  change((made) => made.memory.view.setInt32(made.memory.at(field(made, 'n')), 2 ** 30, true), /g\.b: more than/);
  change(
    (made) => made.memory.setWord(field(made, 'p'), 1n),
    /g\.p: an address that nothing checks, which is refused unless "g\.p" is allowed/,
  );
  const allowed = makeOcall(called, values, { userCheck: ['g.p'] });
  allowed.memory.setWord(field(allowed, 'p'), 77n);
  assert.deepEqual(allowed.decode().values['p'], { address: 77n, bytes: 0 });
  const long = makeOcall(called, { ...values, s: 'é'.repeat(600) });
  assert.equal(long.decode().values['s'], 'é'.repeat(600));
  const bounded = makeOcall(called, { ...values, s: 'x'.repeat(600) }, { maxBytes: 500 });
  refuses(bounded.decode, /g\.s: it does not end inside the arena, or is too long/);
});

test('the record of an OCALL of Open Enclave is checked as its host checks it', () => {
  const called = model({
    ocalls: [
      ocall('f', []),
      ocall('g', [text('s', 'inout'), buffer('b', 'in', basic('char'), { count: 'n' }), value('n', basic('int'))]),
    ],
  });
  const second = { ...called, ocalls: called.ocalls.slice(1) };
  const values = { s: 'abc', b: Buffer.from('xy'), n: 2 };
  const change = (offset: bigint, word: bigint, pattern: RegExp): void => {
    const made = makeOcall(second, values, { abi: 'oe' });
    made.memory.setWord(made.address + offset, word);
    refuses(made.decode, pattern);
  };
  const { memory, address, decode } = makeOcall(second, values, { abi: 'oe' });
  assert.ok(decode());
  const [input, bytes, outBytes] = [memory.word(address + 8n), memory.word(address + 16n), memory.word(address + 32n)];
  change(0n, 1n, /does not have the index 0/);
  change(8n, 0n, /a buffer at NULL/);
  change(24n, 0n, /a buffer at NULL/);
  change(8n, 4096n, /not in the arena/);
  change(24n, 4096n, /not in the arena/);
  change(16n, bytes + 8n, /a buffer of/);
  change(16n, 16n, /a buffer of 16 bytes/);
  change(16n, 2n ** 63n, /a buffer of more than/);
  change(16n, bytes + 16n, /16 bytes follow its last value/);
  change(16n, bytes - 16n, /does not end inside its buffer/);
  change(32n, outBytes + 16n, /its output buffer has another size/);
  const length = input + 32n;
  change(length - address, 0n, /does not end with a terminator/);
  change(length - address, 3n, /does not end with a terminator/);
  change(length - address, 2n ** 40n, /g\.s: more than/);
});

test('a measure that is not a whole number, and values that take more than their bytes, are refused', () => {
  const called = model({
    ocalls: [ocall('g', [buffer('b', 'in', basic('bool'), { count: 'n' }), value('n', basic('double'))])],
  });
  const passed = (n: number, options = {}) =>
    makeOcall(called, { b: Array.from({ length: n }, () => true), n }, options);
  assert.equal(passed(3).decode().values['n'], 3);
  const half = passed(3);
  half.memory.view.setFloat64(half.memory.at(half.side.field(half.address, 'ms_n')), 2.5, true);
  refuses(half.decode, /its measure "n" is not a number of C/);
  assert.ok(passed(1000, { maxBytes: 20_000 }).decode());
  refuses(passed(1000, { maxBytes: 10_000 }).decode, /g\.b: with it, the call takes more than 10000 bytes/);
});

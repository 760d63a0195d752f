import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCaller, createDispatcher, type Caller } from '@enclos/edl';
import { isEnclosError } from '@enclos/errors';
import { interfaceDigest } from '@enclos/manifest';
import { everything } from './everything.edl.ts';
import { goSkip } from './go-program.ts';
import { startProbe, type ProbeProcess } from './probe-process.ts';

const asked: unknown[] = [];
let probe: ProbeProcess;
let enclave: Caller<(typeof everything)['trusted']>;

before(async () => {
  if (goSkip !== false) return;
  const host = createDispatcher(everything.untrusted, {
    answer: ({ question }: { question: string }) => (question === 'long' ? 'x'.repeat(65) : `${question}?`),
    note: (value: unknown) => void asked.push(value),
  });
  probe = await startProbe({
    program: 'internal/interfaceprobe',
    manifest: { interfaceDigest: interfaceDigest(everything), listen: [] },
    dispatch: (call) => host(call.index, call.payload, undefined),
  });
  await probe.start();
  enclave = createCaller(everything.trusted, ({ index, payload, maxResultBytes }) =>
    probe.call(index, payload, { maxResultBytes }),
  );
});
after(async () => {
  if (goSkip === false) await probe.close();
});

const numbers = {
  yes: true,
  u8: 255,
  u16: 65_535,
  u32: 4_294_967_295,
  u64: 2n ** 64n - 1n,
  i8: -128,
  i16: -32_768,
  i32: -2_147_483_648,
  i64: -(2n ** 63n),
  f64: -0.1,
  big: -(2n ** 319n) + 12_345n,
};

test('numbers keep their values to the bounds of their types', { skip: goSkip }, async () => {
  const zero = { yes: false, u8: 0, u16: 0, u32: 0, u64: 0n, i8: 0, i16: 0, i32: 0, i64: 0n, f64: 0, big: 0n };
  const some = { ...zero, i8: 127, i32: 5, i64: 2n ** 63n - 1n, f64: Number.NaN, big: 256n };
  for (const value of [numbers, zero, some, { ...some, f64: -0 }, { ...some, f64: Infinity, big: 2n ** 320n - 1n }]) {
    assert.deepEqual(await enclave.numbers({ value }), value);
  }
});

test('records, options, arrays, unions, words and bytes come back as they went', { skip: goSkip }, async () => {
  const leaves = [{ name: 'one' }, { name: 'zwölf 𝄞', note: '' }, { name: 'x'.repeat(20), note: 'n'.repeat(200) }];
  assert.deepEqual(await enclave.leaves({ leaves }), leaves);
  assert.deepEqual(await enclave.leaves({ leaves, first: { name: 'first' } }), [{ name: 'first' }, ...leaves]);
  for (const shape of [
    { kind: 'circle', radius: 2.5 },
    { kind: 'path', points: [] },
    { kind: 'path', points: Array.from({ length: 200 }, (_, i) => i * 300) },
    { kind: 'none' },
  ] as const) {
    for (const colour of ['red', 'dark-blue', 'green'] as const) {
      assert.deepEqual(await enclave.draw({ shape, colour }), { shape, colour });
    }
  }
  const [fixed, free] = [new Uint8Array(32).fill(1), new Uint8Array(300_000).fill(2)];
  assert.deepEqual(await enclave.blob({ fixed, free }), new Uint8Array([...fixed, ...free]));
});

test('the program calls its host as part of a call', { skip: goSkip }, async () => {
  assert.equal(await enclave.ask({ question: 'who' }), 'who?');
  assert.deepEqual(asked, [{ leaf: { name: 'asked' } }]);
  await assert.rejects(enclave.ask({ question: 'long' }), isEnclosError);
});

test('functions without arguments or results, and errors of the application', { skip: goSkip }, async () => {
  assert.equal(await enclave.count(), 1n);
  assert.equal(await enclave.count(), 2n);
  await enclave.forget({ all: true });
  assert.equal(await enclave.count(), 1n);
  await assert.rejects(enclave.forget({ all: false }), {
    code: 'ENCLAVE_APPLICATION_ERROR',
    message: 'all or nothing',
  });
});

test('a result outside its bounds stays inside', { skip: goSkip }, async () => {
  await assert.rejects(enclave.tooMuch(), /tooMuch\(\): 4 bytes, at most 3/);
});

test('arguments that the interface does not allow are refused inside', { skip: goSkip }, async () => {
  const refused = async (index: number, payload: Uint8Array, text: RegExp): Promise<void> =>
    assert.rejects(probe.call(index, payload), text);
  await refused(1, Uint8Array.of(0), /leaves\.leaves: 0 items, at least 1/);
  await refused(1, Uint8Array.of(1, 0, 0, 0), /leaves\.leaves\[0\]\.name: 0 bytes, at least 1/);
  await refused(2, Uint8Array.of(3, 0), /draw\.shape: not an index below 3/);
  await refused(2, Uint8Array.of(2, 3), /draw\.colour: not an index below 3/);
  await refused(6, Uint8Array.of(2), /forget\.all: a boolean is a byte 0 or 1/);
});

test('a program serves no other interface than its image says', { skip: goSkip }, async () => {
  const other = await startProbe({ program: 'internal/interfaceprobe', manifest: { listen: [] } });
  await other.start();
  assert.equal(await other.exited, 1);
});

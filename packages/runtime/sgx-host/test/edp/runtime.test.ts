import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import { createEdpRuntime, type EdpStreams } from '../../src/edp/runtime.ts';
import { usercalls } from '../../src/edp/usercalls.ts';
import type { Registers } from '../../src/gate/thread.ts';
import { openEnclaveModel } from '../open-enclave/sdk-edl.ts';
import { type PeerMemory, scriptedEnclave, type Step } from '../scripted-enclave.ts';

const model = openEnclaveModel([], 'trusted { public void none(); };');
const number = (name: keyof typeof usercalls): bigint => BigInt(1 + Object.keys(usercalls).indexOf(name));

/** What a program does; it exits afterwards. */
type Program = (
  usercall: Usercall,
  memory: PeerMemory,
  entry: Registers,
) => Generator<Step, void, Registers> | undefined;
type Usercall = (
  name: keyof typeof usercalls | bigint,
  ...parameters: readonly bigint[]
) => Generator<Step, Registers, Registers>;

function* usercall(
  name: keyof typeof usercalls | bigint,
  ...parameters: readonly bigint[]
): Generator<Step, Registers, Registers> {
  const [rsi = 0n, rdx = 0n, r8 = 0n, r9 = 0n] = parameters;
  return yield { rdi: typeof name === 'bigint' ? name : number(name), rsi, rdx, r8, r9 };
}

function load(program: Program, streams: Partial<EdpStreams> = {}, panics = false) {
  const written: string[] = [];
  const enclave = scriptedEnclave(
    function* code(entry, memory) {
      yield* program(usercall, memory, entry) ?? [];
      return { rdi: number('exit'), rsi: panics ? 1n : 0n };
    },
    { model },
  );
  const runtime = createEdpRuntime(enclave.host, {
    write: (device, bytes) => void written.push(`${device} ${new TextDecoder().decode(bytes)}`),
    ...streams,
  });
  return { ...enclave, runtime, written };
}

const isLost = (error: unknown): boolean => error instanceof EnclosError && error.code === 'ENCLAVE_LOST';

test('a program reads, writes, reserves memory, frees it and exits', async () => {
  const { runtime, written, host, reasons } = load(
    function* program(call, memory) {
      const { rsi: result, rdx: buffer } = yield* call('alloc', 100n, 1n);
      assert.equal(result, 0n);
      const read = yield* call('read', 0n, buffer, 100n);
      assert.deepEqual([read.rsi, read.rdx], [0n, 5n]);
      for (const stream of [1n, 2n]) {
        const wrote = yield* call('write', stream, buffer, 5n);
        assert.deepEqual([wrote.rsi, wrote.rdx], [0n, 5n]);
      }
      assert.equal(memory.bytes[memory.at(buffer)], 'h'.charCodeAt(0));
      const freed = yield* call('free', buffer, 100n, 1n);
      assert.deepEqual([freed.rsi, freed.rdx], [0n, 0n]);
    },
    { read: async () => new TextEncoder().encode('hello') },
  );
  const { reservedPieces } = host.arena.heap;
  assert.deepEqual(await runtime.run(), { panicked: false });
  assert.deepEqual(written, ['stdout hello', 'stderr hello']);
  assert.deepEqual(reasons, []);
  // What a debug enclave would panic into.
  assert.equal(host.arena.heap.reservedPieces, reservedPieces + 1);
});

test('a program has its arguments, and frees them', async () => {
  const seen: string[] = [];
  const { runtime, host } = load(function* program(call, memory, { rdi, rsi }) {
    for (let i = 0n; i < rsi; i++) {
      const [data, length] = [memory.u64(rdi + 16n * i), memory.u64(rdi + 16n * i + 8n)];
      seen.push(new TextDecoder().decode(memory.read(data, Number(length))));
      yield* call('free', data, length, 1n);
    }
    yield* call('free', rdi, 16n * rsi, 8n);
  });
  await runtime.run(['program', 'größe']);
  assert.deepEqual(seen, ['program', 'größe']);
  assert.equal(host.arena.heap.reservedPieces, 1);
});

for (const [name, service] of Object.entries(usercalls)) {
  if (service === 'served') continue;
  test(`the usercall ${name} is ${service}`, async () => {
    let back: Registers | undefined;
    const { runtime, reasons } = load(function* program(call) {
      // The keys of the table are its names.
      back = yield* call(name as keyof typeof usercalls, 0n, 0n, 0n, 0n);
    });
    if (service === 'ends') {
      await assert.rejects(runtime.run(), isLost);
      assert.deepEqual(reasons, [`It made the usercall "${name}", which is not supported.`]);
      return;
    }
    await runtime.run();
    assert.deepEqual([back?.rsi, back?.rdx], [service === 'ignored' ? 0n : 0x3fff_ffffn, 0n]);
  });
}

test('standard input without a source is at its end', async () => {
  const { runtime } = load(function* program(call) {
    const { rdx: buffer } = yield* call('alloc', 16n, 1n);
    const { rsi, rdx } = yield* call('read', 0n, buffer, 16n);
    assert.deepEqual([rsi, rdx], [0n, 0n]);
  });
  await runtime.run();
});

test('memory outside of the arena and other streams are not read or written', async () => {
  const { runtime, written } = load(
    function* program(call, memory) {
      const end = memory.base + BigInt(memory.bytes.length);
      for (const [name, stream, address, length] of [
        ['write', 1n, 0n, 8n],
        ['write', 1n, end - 4n, 8n],
        ['write', 1n, 2n ** 64n - 4n, 8n],
        ['write', 3n, memory.base, 8n],
        ['read', 0n, end, 8n],
        ['read', 1n, memory.base, 8n],
      ] as const) {
        const { rsi } = yield* call(name, stream, address, length);
        assert.equal(rsi, 0x16n, `${name} ${stream} ${address}`);
      }
    },
    { read: async () => new Uint8Array(8) },
  );
  await runtime.run();
  assert.deepEqual(written, []);
});

test('a large write goes in parts', async () => {
  const { runtime } = load(function* program(call, memory) {
    const { rdx } = yield* call('write', 1n, memory.base, 100_000n);
    assert.equal(rdx, 65_536n);
  });
  await runtime.run();
});

test('memory is given at the alignment that is asked for, and not without end', async () => {
  const { runtime } = load(function* program(call) {
    const { rdx: page } = yield* call('alloc', 8n, 4096n);
    assert.ok(page !== 0n && page % 4096n === 0n);
    assert.deepEqual((yield* call('free', page, 8n, 4096n)).rsi, 0n);
    for (const [size, alignment] of [
      [2n ** 64n - 1n, 1n],
      [2n ** 40n, 1n],
      [8n, 3n],
      [8n, 0n],
      [8n, 8192n],
      [300_000n, 1n],
    ] as const) {
      assert.equal((yield* call('alloc', size, alignment)).rsi, 0x3fff_ffffn);
    }
  });
  await runtime.run();
});

const broken: readonly (readonly [what: string, program: Program, reason: string])[] = [
  [
    'frees what it does not have',
    function* program(call, memory) {
      yield* call('free', memory.base, 8n, 1n);
    },
    'It freed memory that it did not have.',
  ],
  [
    'frees with another size',
    function* program(call) {
      const { rdx } = yield* call('alloc', 8n, 1n);
      yield* call('free', rdx, 9n, 1n);
    },
    'It freed memory that it did not have.',
  ],
  [
    'makes a usercall that does not exist',
    function* program(call) {
      yield* call(17n);
    },
    'It made a usercall that does not exist.',
  ],
  [
    'makes a usercall of a user',
    function* program(call) {
      yield* call(0x8000_0000n);
    },
    'It made a usercall that does not exist.',
  ],
  [
    'faults',
    function* program() {
      yield { exception: 6 };
    },
    'It ended with an exception of the processor.',
  ],
];
for (const [what, program, reason] of broken) {
  test(`a program that ${what} is ended`, async () => {
    const { runtime, reasons } = load(program);
    await assert.rejects(runtime.run(), isLost);
    assert.deepEqual(reasons, [reason]);
  });
}

test('a debug enclave says what it panicked of', async () => {
  const { runtime, written } = load(
    (_call, memory, { r10 }) => {
      memory.write(r10, new TextEncoder().encode('index out of bounds\0'));
      return undefined;
    },
    {},
    true,
  );
  assert.deepEqual(await runtime.run(), { panicked: true });
  assert.deepEqual(written, ['stderr index out of bounds']);
});

test('a function of a library that returns is an end, too', async () => {
  const { host } = scriptedEnclave(
    function* code() {
      yield* usercall('close', 1n);
      return { rdi: 0n, rsi: 7n };
    },
    { model },
  );
  assert.deepEqual(await createEdpRuntime(host, { write: () => undefined }).run(), { panicked: false });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindInterface } from '@enclos/edl-calls/host';
import { EnclosError } from '@enclos/errors';
import { callModel, during, hasCode, load } from './loaded.ts';
import { argumentsOf, CONTINUE, type PeerOcall, type Work } from './peer.ts';
import { ocallIndex, openEnclaveModel } from './sdk-edl.ts';

test('an enclave is initialised once, with a table of CPUID that its own EDL file gives a number', async () => {
  const model = openEnclaveModel(
    ['cpu'],
    'trusted { public void run(); }; untrusted { void first(); void second(); };',
  );
  assert.equal(ocallIndex(model, 'oe_sgx_get_cpuid_table_ocall'), 2);
  let table: PeerOcall | undefined;
  const initialize: Work = function* initialize(inside, argument) {
    assert.ok(inside.memory.has(argument, 1), 'oe_enclave_t is outside');
    const input = argumentsOf(48, [
      [32, 16n],
      [40, 96n],
    ]);
    table = yield* inside.ocall(2, input, 48 + 96);
    return 0n;
  };
  await load({ model, functions: { initialize } }).runtime.start();
  assert.deepEqual([table?.gate, table?.result, table?.output.getUint32(24, true)], [0n, 0n, 0]);
  const rows = Array.from({ length: 6 }, (_, i) => table?.output.getUint32(48 + 16 * i, true));
  assert.deepEqual(rows, [0, 1, 4, 7, 0x8000_0000, 0x8000_0001]);
  // Without AES the SDK's code ends its enclave (enclave/core/sgx/cpuid.c).
  assert.equal(table?.output.getUint32(48 + 16 + 8, true), 0x0200_0000);
});

test('what an enclave answers its initialisation with is an error by name', async () => {
  const failed = load({ model: callModel, functions: { initialize: () => 5n } }).runtime.start();
  await assert.rejects(failed, hasCode('EDL_CALL_FAILED', { status: 5, name: 'OE_OUT_OF_MEMORY' }));
});

test('values go in and out, and nothing is left of a call in the arena', async () => {
  const add: Work = (inside, argument) => {
    const { input, outputBytes } = inside.values(argument);
    const view = new DataView(input.buffer);
    const output = new DataView(new ArrayBuffer(outputBytes));
    output.setInt32(24, 42, true);
    output.setInt32(Math.ceil(48 / 16) * 16, view.getInt32(48, true) + view.getInt32(40, true), true);
    return inside.finish(argument, new Uint8Array(output.buffer));
  };
  const { call, host } = load({ model: callModel, functions: { ecalls: [add] } });
  assert.deepEqual(await call('add', { value: 40, more: 2 }), { result: 42, value: 42 });
  const { reservedBytes } = host.arena.heap;
  await call('add', { value: 1, more: 2 });
  assert.equal(host.arena.heap.reservedBytes, reservedBytes);
});

test('a function that the enclave does not have is OE_NOT_FOUND, and a gate that refuses is named', async () => {
  const { call } = load({ model: callModel, functions: {} });
  await assert.rejects(call('other'), hasCode('EDL_CALL_FAILED', { status: 9, name: 'OE_NOT_FOUND', call: 'other' }));
  const aborting = load({
    model: callModel,
    functions: {
      ecalls: [() => 19n],
    },
  });
  const first = { value: 1, more: 1 };
  await assert.rejects(aborting.call('add', first), hasCode('EDL_CALL_FAILED', { name: 'OE_ENCLAVE_ABORTING' }));
  const unknown = load({
    model: callModel,
    functions: {
      ecalls: [() => 2n ** 64n - 1n],
    },
  });
  await assert.rejects(
    unknown.call('add', first),
    (error) => error instanceof EnclosError && /not an oe_result_t/.test(error.message),
  );
});

test('an OCALL reaches its handler, and its answer the enclave', async () => {
  let asked: PeerOcall | undefined;
  const { call } = during(
    function* ask(inside) {
      asked = yield* inside.ocall(0, argumentsOf(32, [[24, 17n << 32n]]), 32);
    },
    { handlers: { ask: ({ question }: { question: number }) => question + 1 } },
  );
  await call('run');
  assert.deepEqual([asked?.gate, asked?.result, asked?.output.getInt32(24, true)], [0n, 0n, 18]);
});

const failures: readonly (readonly [what: string, index: number, handlers: object, result: bigint])[] = [
  [
    'a handler throws',
    0,
    {
      ask: () => {
        throw new Error('secret');
      },
    },
    1n,
  ],
  ['a handler answers with something else', 0, { ask: () => 'a text' }, 3n],
  ['there is no such function', 77, {}, 9n],
];
for (const [what, index, handlers, result] of failures) {
  test(`when ${what}, the enclave gets a result and goes on`, async () => {
    let asked: PeerOcall | undefined;
    const { call } = during(
      function* ask(inside) {
        asked = yield* inside.ocall(index, argumentsOf(32, []), 32);
      },
      { handlers },
    );
    await call('run');
    // A failure of the gate would leave the SDK's thread in a state that ends it.
    assert.deepEqual([asked?.gate, asked?.result], [0n, result]);
  });
}

test('an OCALL of the SDK without a handler is OE_UNSUPPORTED, and a handler of the user comes first', async () => {
  const model = openEnclaveModel(['fcntl'], 'trusted { public void run(); };');
  const input = argumentsOf(
    64,
    [
      [32, 16n],
      [40, 2n],
    ],
    new TextEncoder().encode('x\0'),
  );
  const results: (bigint | number | undefined)[] = [];
  const work = function* open(inside: Parameters<Work>[0]) {
    const { result, output } = yield* inside.ocall(0, input, 64);
    results.push(result, result === 0n ? output.getInt32(24, true) : undefined);
  };
  await during(work, { model }).call('run');
  await during(work, { model, handlers: { oe_syscall_open_ocall: () => ({ result: 5n, errno: 0 }) } }).call('run');
  assert.deepEqual(results, [16n, undefined, 0n, 5]);
});

test('memory is reserved and freed for the enclave, and no more than there is', async () => {
  const { call, host, reasons } = during(function* memory(inside) {
    const first = yield* inside.allocate(100);
    assert.ok(first !== 0n && first % 16n === 0n && inside.memory.has(first, 100));
    for (const size of [2n ** 64n - 1n, 2n ** 63n, 2n ** 32n, 10_000_000n]) {
      assert.equal(yield* inside.allocate(size), 0n);
    }
    assert.notEqual(yield* inside.allocate(0), 0n);
    assert.equal((yield* inside.call(0x8004, first)).gate, 0n);
    // As in C.
    assert.equal((yield* inside.call(0x8004, 0n)).gate, 0n);
  });
  await call('run');
  assert.deepEqual(reasons, []);
  assert.ok(host.arena.heap.reservedBytes > 0);
});

for (const what of ['another address', 'memory twice', "the host's memory"]) {
  test(`an enclave that frees ${what} is ended`, async () => {
    const { call, reasons } = during(function* free(inside, argument) {
      const own = yield* inside.allocate(32);
      if (what === 'memory twice') yield* inside.call(0x8004, own);
      yield* inside.call(0x8004, what === 'another address' ? own + 16n : what === 'memory twice' ? own : argument);
    });
    await assert.rejects(call('run'), hasCode('ENCLAVE_LOST'));
    assert.deepEqual(reasons, ['It freed memory that it did not have.']);
  });
}

test('memory that is resized keeps what stands there', async () => {
  const model = openEnclaveModel(['memory'], 'trusted { public void run(); };');
  let moved = 0n;
  const { call } = during(
    function* resize(inside) {
      const first = yield* inside.allocate(8);
      inside.memory.setU64(first, 0x1122_3344n);
      const { output, result } = yield* inside.ocall(
        0,
        argumentsOf(48, [
          [32, first],
          [40, 4096n],
        ]),
        48,
      );
      assert.equal(result, 0n);
      moved = output.getBigUint64(24, true);
      assert.equal(inside.memory.u64(moved), 0x1122_3344n);
      yield* inside.call(0x8004, moved);
      // What it had before is gone: this would end it.
      const fresh = yield* inside.ocall(
        0,
        argumentsOf(48, [
          [32, 0n],
          [40, 16n],
        ]),
        48,
      );
      assert.notEqual(fresh.output.getBigUint64(24, true), 0n);
    },
    { model },
  );
  await call('run');
  assert.notEqual(moved, 0n);
});

test('time is told in milliseconds, and an unknown call of the gate is OE_NOT_FOUND', async () => {
  const { call } = during(function* time(inside) {
    assert.equal((yield* inside.call(0x8005, 0n)).value, 1_700_000_000_123n);
    assert.equal((yield* inside.call(0x8006, 0n)).gate, 9n);
  });
  await call('run');
});

test('threads of the enclave wake each other', async () => {
  const { call, host } = during(function* wait(inside) {
    const self = 0x7f00_0000_0000n;
    yield* inside.call(0x8001, self);
    yield* inside.call(0x8002, self);
    assert.equal((yield* inside.call(0x8002, 123n)).gate, 3n, 'no such thread');
    yield* inside.call(0x8002, self);
  });
  const running = call('run');
  const woken = (async () => {
    // Until it waits, a token is taken at once; then it is what wakes it.
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    host.events.set(0x7f00_0000_0000n);
  })();
  await Promise.all([running, woken]);
});

test('an enclave that handles its exception goes on', async () => {
  const steps: string[] = [];
  const { call } = during(
    function* fault() {
      steps.push('before');
      yield { exception: 6 };
      steps.push('after');
    },
    {
      functions: {
        handleException: () => {
          steps.push('handled');
          return CONTINUE;
        },
      },
    },
  );
  await call('run');
  assert.deepEqual(steps, ['before', 'handled', 'after']);
});

test('an enclave that does not handle its exception is ended, and so is one that faults in its handler', async () => {
  const fault = function* fault() {
    yield { exception: 14 };
  };
  const unhandled = during(fault);
  await assert.rejects(unhandled.call('run'), hasCode('ENCLAVE_LOST'));
  assert.deepEqual(unhandled.reasons, [
    'It ended with an exception that it does not handle: #PF, an access to memory that is not there or not permitted.',
  ]);
  const twice = during(fault, {
    functions: {
      handleException: function* handle() {
        yield { exception: 6 };
        return CONTINUE;
      },
    },
  });
  await assert.rejects(twice.call('run'), hasCode('ENCLAVE_LOST'));
  assert.deepEqual(twice.reasons, ['It faulted while it handled an exception.']);
});

test('a call amid a call of the same thread has its own context, and the SDK refuses it', async () => {
  const other = callModel.ecalls.findIndex(({ name }) => name === 'other');
  const codec = bindInterface({ model: callModel, foreign: {}, userCheck: [] }).codec('oe').ecalls[other];
  const nested: unknown[] = [];
  const { call } = during(
    function* ask(inside) {
      const { gate, result } = yield* inside.ocall(1, argumentsOf(24, []), 32);
      // The record of the outer call is as it was: the inner one has another.
      assert.deepEqual([gate, result, inside.memory.u64(inside.context)], [0n, 0n, 1n]);
    },
    {
      async serve(_index, { calls, address }) {
        const image = codec?.encodeArguments({}).image;
        nested.push(await calls.ecall(other, image).catch((error: unknown) => error));
        const bytes = new Uint8Array(16);
        return [{ address: address + 40n, bytes }];
      },
    },
  );
  await call('run');
  assert.ok(hasCode('EDL_CALL_FAILED', { name: 'OE_REENTRANT_ECALL' })(nested[0]));
});

test('an enclave that leaves without a word of the SDK is ended', async () => {
  for (const rdi of [0n, 1n << 48n, 4n << 48n, 2n ** 64n - 1n]) {
    const { call, reasons } = during(function* leave() {
      yield { rdi };
    });
    await assert.rejects(call('run'), hasCode('ENCLAVE_LOST'));
    assert.deepEqual(reasons, ['It left without a call or a result of Open Enclave.']);
  }
});

const deepModel = openEnclaveModel(
  [],
  `
  struct list { [count=n] uint32_t* items; uint64_t n; };
  trusted { public void run(); public void get([out] list* found); };`,
);

test('outputs that lead to others are read where the enclave had memory reserved, which is freed', async () => {
  const get = (forged: bigint): Work =>
    function* fill(inside, argument) {
      const { outputBytes } = inside.values(argument);
      const buffer = yield* inside.allocate(16);
      inside.memory.setU64(buffer, 0x2_0000_0001n);
      const output = new DataView(new ArrayBuffer(outputBytes));
      output.setBigUint64(8, buffer + forged, true);
      output.setBigUint64(16, 16n, true);
      output.setBigUint64(32, 1n, true);
      output.setBigUint64(40, 2n, true);
      return inside.finish(argument, new Uint8Array(output.buffer));
    };
  const honest = load({ model: deepModel, functions: { ecalls: [get(0n), get(0n)] } });
  const { found } = (await honest.call('get')) as { found: { items: Uint32Array } };
  assert.deepEqual([...found.items], [1, 2]);
  const { reservedBytes } = honest.host.arena.heap;
  await honest.call('get');
  assert.equal(honest.host.arena.heap.reservedBytes, reservedBytes);
  const hostile = load({ model: deepModel, functions: { ecalls: [get(16n), get(16n)] } });
  await assert.rejects(hostile.call('get'), hasCode('ENCLAVE_LOST'));
  assert.deepEqual(hostile.reasons, ['It returned values in memory that it did not have.']);
});

test('an enclave that can log is told from which level, and what it logs and prints comes out', async () => {
  const model = openEnclaveModel(['logging'], 'trusted { public void run(); }; untrusted { void plain(); };');
  const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);
  let level = 0;
  const work: Work = function* work(inside, argument) {
    const { index, input } = inside.values(argument);
    if (model.ecalls[index]?.name === 'oe_log_init_ecall') {
      level = new DataView(input.buffer).getUint32(40, true);
      return inside.finish(argument);
    }
    yield* inside.ocall(ocallIndex(model, 'oe_log_is_supported_ocall'), argumentsOf(32, []), 32);
    const log = argumentsOf(
      48,
      [
        [24, 2n],
        [32, 16n],
        [40, 5n],
      ],
      text('hurt'),
    );
    yield* inside.ocall(ocallIndex(model, 'oe_log_ocall'), log, 48);
    for (const device of [0n, 1n, 2n]) {
      const print = argumentsOf(
        56,
        [
          [24, device],
          [32, 16n],
          [40, 7n],
          [48, 3n],
        ],
        text('abcdef'),
      );
      yield* inside.ocall(ocallIndex(model, 'oe_write_ocall'), print, 64);
    }
    return inside.finish(argument);
  };
  const { call, runtime, services } = load({ model, functions: { ecalls: [work, work] } });
  await runtime.start();
  await call('run');
  assert.equal(level, 3);
  assert.deepEqual(services.lines, ['log 2 hurt', 'stdout abc', 'stderr abc']);
});

test('a backtrace is logged as offsets in the file', async () => {
  const model = openEnclaveModel(['debug'], 'trusted { public void run(); };');
  const { call, services } = during(
    function* log(inside) {
      const frames = new Uint8Array(BigUint64Array.of(0x7f00_0000_1234n, 0x7f00_0000_0042n).buffer);
      const fields: [number, bigint][] = [
        [32, 16n],
        [40, 2n],
        [48, 16n],
        [56, 2n],
      ];
      const { result, output } = yield* inside.ocall(0, argumentsOf(64, fields, frames), 64);
      assert.deepEqual([result, output.getUint32(24, true)], [0n, 0]);
    },
    { model },
  );
  await call('run');
  assert.deepEqual(services.lines, ['log 2 Backtrace, as offsets in the file: 0x1234 0x42']);
});

test('a call that fails after a handler threw says what it threw', async () => {
  const thrown = new Error('no such question');
  const run: Work = function* run(inside) {
    yield* inside.ocall(0, argumentsOf(32, []), 32);
    return 1n;
  };
  const handlers = {
    ask: () => {
      throw thrown;
    },
  };
  const { call } = load({ model: callModel, functions: { ecalls: [run, run] }, handlers });
  const failed = (error: unknown): boolean =>
    hasCode('EDL_CALL_FAILED', { name: 'OE_FAILURE' })(error) && error instanceof Error && error.cause === thrown;
  await assert.rejects(call('run'), failed);
});

test('an enclave that does not want to log runs all the same', async () => {
  const model = openEnclaveModel(['logging'], 'trusted { public void run(); };');
  const { runtime, services } = load({ model, functions: {} });
  await runtime.start();
  assert.equal(services.errors.length, 1);
  assert.ok(hasCode('EDL_CALL_FAILED', { name: 'OE_NOT_FOUND' })(services.errors[0]));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
// Declares ENCLAVE_LOST.
import '@enclos/host';
import { failsWith, until } from '@enclos/testkit';
import { fakeArenaBase } from '../fake-stub.ts';
import { type Inside, loadFake, type LoadedFake } from './fake-enclave.ts';

const edl = `enclave {
  trusted {
    public void nothing();
    public int add(int a, int b);
    public void flip([in, out, size=room] uint8_t* bytes, size_t room);
    int inner(int a);
    public void copy([in, size=bytes] const uint8_t* source, [out, size=bytes] uint8_t* target, size_t bytes);
  };
  untrusted {
    int twice(int a) allow(inner);
    void many([in, count=n] int* values, size_t n);
  };
};`;

/** ms_add_t: retval at 0, a at 4, b at 8. */
const add = ({ memory, ms }: Inside): number => {
  const view = memory.view(ms, 12);
  view.setInt32(0, view.getInt32(4, true) + view.getInt32(8, true), true);
  return 0;
};

/** ms_flip_t: bytes at 0, room at 8. */
const flip = ({ memory, ms }: Inside): number => {
  const view = memory.view(ms, 16);
  const [address, room] = [view.getBigUint64(0, true), Number(view.getBigUint64(8, true))];
  memory.write(
    address,
    memory.read(address, room).map((byte) => byte ^ 0xff),
  );
  return 0;
};

/** ms_twice_t: retval at 0, a at 4. */
const structure = (...values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);

const handlers = { twice: ({ a }: { a: number }) => 2 * a, many: () => {} };

/** An ECALL "add" that asks its host to double `a`. */
const asking = async ({ memory, ms, ocall }: Inside): Promise<number> => {
  const view = memory.view(ms, 12);
  const { status, structure: back } = await ocall(0, structure(0, view.getInt32(4, true)));
  view.setInt32(0, status === 0 ? back.getInt32(0, true) : -status, true);
  return 0;
};
const nothing = (): number => 0;

function leavesNothing({ host }: LoadedFake): void {
  assert.equal(host.arena.heap.reservedPieces, 0);
}

describe("calls of an enclave of Intel's SDK", () => {
  test('bring values in and out, and leave no memory behind', async () => {
    let ms: bigint | undefined;
    const trusted = [(inside: Inside) => ((ms = inside.ms), 0), add, flip];
    const loaded = await loadFake({ edl, handlers, enclave: { trusted } });
    assert.equal(await loaded.ecalls['add']?.({ a: 20, b: 22 }), 42);
    const flipped = await loaded.ecalls['flip']?.({ bytes: Uint8Array.of(1, 2, 255), room: 3n });
    assert.deepEqual(flipped, { bytes: Uint8Array.of(254, 253, 0) });
    await loaded.ecalls['nothing']?.();
    assert.equal(ms, 0n, 'a function without values gets NULL');
    leavesNothing(loaded);
  });

  test('carry large values in their direction only', async () => {
    const bytes = 100_000;
    const stale = 0xaa;
    const copy = ({ memory, ms }: Inside): number => {
      const view = memory.view(ms, 24);
      const [from, to] = [view.getBigUint64(0, true), view.getBigUint64(8, true)];
      assert.equal(memory.read(to, 1)[0], stale, 'what only comes out was not written before');
      memory.write(to, memory.read(from, bytes).toReversed());
      return 0;
    };
    const loaded = await loadFake({ edl, handlers, enclave: { trusted: [nothing, add, flip, nothing, copy] } });
    const { base, bytes: arenaBytes } = loaded.host.arena;
    loaded.stub.memory.write(base + 65_536n, new Uint8Array(arenaBytes - 65_536).fill(stale));
    const before = { ...loaded.stub.seen };
    const source = Uint8Array.from({ length: bytes }, (_, i) => i);
    const result = await loaded.ecalls['copy']?.({ source, bytes });
    assert.deepEqual(result, { target: source.toReversed() });
    const { writtenBytes, readBytes } = loaded.stub.seen;
    for (const moved of [writtenBytes - before.writtenBytes, readBytes - before.readBytes]) {
      assert.ok(moved >= bytes && moved < bytes + 200, `${moved} bytes`);
    }
    leavesNothing(loaded);
  });

  test('begin with what the machine can do', async () => {
    let features: bigint[] = [];
    const initialize = (view: DataView): number => {
      features = [view.getBigUint64(0, true), BigInt(view.getUint32(8, true)), view.getBigUint64(12, true)];
      return 0;
    };
    await loadFake({ edl, handlers, enclave: { trusted: [], initialize } });
    // Of what the processor of this test has, RDRAND and FPU are among the features; EDMM is off.
    assert.deepEqual(features, [0x2_0003n, 0n, 1n << 63n]);
    await assert.rejects(
      loadFake({ edl, handlers, enclave: { trusted: [], initialize: () => 1 } }),
      failsWith('EDL_CALL_FAILED'),
    );
  });

  for (const [status, name] of [
    [0x1007, 'SGX_ERROR_ECALL_NOT_ALLOWED'],
    [0x1001, 'SGX_ERROR_INVALID_FUNCTION'],
    [0x0002, 'SGX_ERROR_INVALID_PARAMETER'],
    [0x3001, 'SGX_ERROR_MAC_MISMATCH'],
  ] as const) {
    test(`fail by the name ${name}`, async () => {
      const loaded = await loadFake({ edl, handlers, enclave: { trusted: [() => status] } });
      const error: unknown = await loaded.calls.ecall(0, undefined).catch((reason: unknown) => reason);
      assert.ok(isEnclosError(error, 'EDL_CALL_FAILED'));
      assert.deepEqual(error.details, { status, name });
      assert.match(error.message, new RegExp(`^nothing: .*${name} \\(0x`));
      leavesNothing(loaded);
    });
  }

  test('fail by the number of a status without a name', async () => {
    const loaded = await loadFake({ edl, handlers, enclave: { trusted: [() => 0xabcd] } });
    await assert.rejects(loaded.calls.ecall(0, undefined), /a status without a name \(0xabcd\)/);
  });

  for (const status of [0x0004, 0x1006, 0x1009]) {
    test(`end the enclave with status ${status.toString(16)}, after which it takes none`, async () => {
      const loaded = await loadFake({ edl, handlers, enclave: { trusted: [() => status] } });
      await assert.rejects(loaded.calls.ecall(0, undefined), failsWith('ENCLAVE_LOST'));
      assert.match(loaded.reasons[0] ?? '', new RegExp(status.toString(16)));
      await assert.rejects(loaded.calls.ecall(0, undefined), failsWith('ENCLAVE_LOST'));
      leavesNothing(loaded);
    });
  }
});

describe('OCALLs', () => {
  test('are served with their values, on the stack of the call', async () => {
    const loaded = await loadFake({ edl, handlers, enclave: { trusted: [nothing, asking] } });
    assert.equal(await loaded.ecalls['add']?.({ a: 21, b: 0 }), 42);
    assert.equal(loaded.stub.seen.access, 0, 'the stack came with the exit');
    leavesNothing(loaded);
  });

  test('bring what lies beyond what the exit brought', async () => {
    const count = 40_000;
    let sum = 0;
    const many = {
      ...handlers,
      many: ({ values }: { values: Int32Array }) => void (sum = values.reduce((a, b) => a + b, 0)),
    };
    const trusted = [
      async ({ ocall, thread, memory }: Inside) => {
        const at = fakeArenaBase + 300_000n;
        memory.write(at, new Uint8Array(new Int32Array(count).fill(2).buffer));
        const given = new DataView(new ArrayBuffer(16));
        given.setBigUint64(0, at, true);
        given.setBigUint64(8, BigInt(count), true);
        assert.equal(thread.index, 0);
        return (await ocall(1, new Uint8Array(given.buffer))).status;
      },
    ];
    const loaded = await loadFake({ edl, handlers: many, enclave: { trusted } });
    await loaded.ecalls['nothing']?.();
    assert.equal(sum, 2 * count);
    assert.ok(loaded.stub.seen.access > 0);
  });

  test('may call the enclave as the interface allows, one call after the other, below the stack of the OCALL', async () => {
    const inner = async ({ memory, ms, ocall }: Inside): Promise<number> => {
      const view = memory.view(ms, 8);
      const a = view.getInt32(4, true);
      if (a > 0) {
        const { status, structure: back } = await ocall(0, structure(0, a - 1));
        assert.equal(status, 0);
        view.setInt32(0, back.getInt32(0, true) + 1, true);
      } else view.setInt32(0, 0, true);
      return 0;
    };
    type During = { ecalls: { inner: (values: { a: number }) => Promise<number> } };
    const nesting = {
      ...handlers,
      twice: async ({ a }: { a: number }, { ecalls }: During) => {
        const both = await Promise.all([ecalls.inner({ a }), ecalls.inner({ a: 0 })]);
        return both[0];
      },
    };
    const loaded = await loadFake({ edl, handlers: nesting, enclave: { trusted: [nothing, asking, flip, inner] } });
    assert.equal(await loaded.ecalls['add']?.({ a: 5, b: 0 }), 5);
    leavesNothing(loaded);
  });

  test('end at the bottom of the stack', async () => {
    const inner = async ({ ocall }: Inside): Promise<number> => (await ocall(0, structure(0, 1))).status;
    type During = { ecalls: { inner: (values: { a: number }) => Promise<number> } };
    const nesting = { ...handlers, twice: ({ a }: { a: number }, { ecalls }: During) => ecalls.inner({ a }) };
    const loaded = await loadFake({ edl, handlers: nesting, enclave: { trusted: [nothing, asking, flip, inner] } });
    // The handler at the bottom fails, and so does each around it.
    assert.equal(await loaded.ecalls['add']?.({ a: 1, b: 0 }), -1);
    assert.ok(loaded.failures.some((error) => isEnclosError(error, 'SGX_ARENA_FULL')));
    leavesNothing(loaded);
  });

  test('answer by a status: there is no such function, a value is wrong, a handler fails', async () => {
    const failing = {
      ...handlers,
      twice: () => {
        throw new Error('the disk is full');
      },
    };
    const statuses: number[] = [];
    const trusted = [
      async ({ ocall }: Inside) => {
        const wrong = new Uint8Array(16).fill(255);
        for (const [index, given] of [
          [7, structure(0)],
          [-3, structure(0)],
          [1, wrong],
          [0, structure(0, 1)],
        ] as const) {
          statuses.push((await ocall(index, given)).status);
        }
        return statuses.at(-1) ?? 0;
      },
    ];
    const loaded = await loadFake({ edl, handlers: failing, enclave: { trusted } });
    const error: unknown = await loaded.ecalls['nothing']?.().catch((reason: unknown) => reason);
    assert.deepEqual(statuses, [0x1001, 0x1001, 2, 1]);
    assert.ok(isEnclosError(error, 'EDL_CALL_FAILED') && error.cause instanceof Error);
    assert.equal(error.cause.message, 'the disk is full', 'what the handler threw is the cause of the failure');
    assert.equal(loaded.failures.length, 2);
  });

  test('give what a handler threw to the call that ends with the enclave', async () => {
    const thrown = new Error('the disk is full');
    const failing = { ...handlers, twice: () => Promise.reject(thrown) };
    const aborting = async ({ ocall, fault }: Inside): Promise<number> => {
      const { status } = await ocall(0, structure(0, 1));
      if (status !== 0) await fault(6, 0x1006);
      return 0;
    };
    const returning = async ({ ocall }: Inside): Promise<number> => (await ocall(0, structure(0, 1)), 0x1006);
    for (const trusted of [aborting, returning]) {
      const loaded = await loadFake({ edl, handlers: failing, enclave: { trusted: [trusted] } });
      const error: unknown = await loaded.calls.ecall(0, undefined).catch((reason: unknown) => reason);
      assert.ok(isEnclosError(error, 'ENCLAVE_LOST') && error.cause === thrown, String(error));
    }
  });
});

describe('exceptions inside', () => {
  test('go to the handler inside, and on', async () => {
    const trusted = [async ({ fault }: Inside) => (await fault(6, 0), await fault(14, 0), 0), add];
    const loaded = await loadFake({ edl, handlers, enclave: { trusted } });
    await loaded.ecalls['nothing']?.();
    const { enter, resume, access } = loaded.stub.seen;
    assert.deepEqual([enter, resume, access], [4, 2, 0]);
    assert.equal(await loaded.ecalls['add']?.({ a: 1, b: 1 }), 2);
  });

  test('end the enclave when it does not handle them, as on silicon', async () => {
    const trusted = [async ({ fault }: Inside) => (await fault(13, 0x1006), 0)];
    const loaded = await loadFake({ edl, handlers, enclave: { trusted }, threads: 2 });
    await assert.rejects(loaded.calls.ecall(0, undefined), failsWith('ENCLAVE_LOST'));
    assert.match(loaded.reasons[0] ?? '', /#GP.*SGX_ERROR_ENCLAVE_CRASHED \(0x1006\)/);
    await assert.rejects(loaded.calls.ecall(0, undefined), failsWith('ENCLAVE_LOST'));
  });

  test('end the enclave when its handler faults, calls or lies about its stack', async () => {
    const handlersOf = [
      async ({ thread }: Inside) => (thread.exception(6), await thread.next(), thread.exception(6), 0),
      async ({ thread }: Inside) => (thread.exception(6), await thread.next(), thread.exit({ rdi: 0n }), 0),
      async ({ thread }: Inside) => (thread.exception(6, { rsp: 0n }), 0),
      async ({ thread }: Inside) => (thread.answer({ rdi: 0n, rsp: fakeArenaBase - 16n }), 0),
    ];
    for (const [i, wrong] of handlersOf.entries()) {
      const forever = async (inside: Inside): Promise<number> => (await wrong(inside), new Promise(() => {}));
      const loaded = await loadFake({ edl, handlers, enclave: { trusted: [forever] } }).catch((error: unknown) =>
        assert.fail(`${i}: ${String(error)}`),
      );
      await assert.rejects(loaded.calls.ecall(0, undefined), failsWith('ENCLAVE_LOST'));
    }
  });
});

const threadsEdl = `enclave {
  trusted { public int wait(int n); public int wake(int n); };
  untrusted {
    [cdecl] void sgx_oc_cpuidex([out] int cpuinfo[4], int leaf, int subleaf);
    [cdecl] int sgx_thread_wait_untrusted_event_ocall([user_check] const void *self);
    [cdecl] int sgx_thread_set_untrusted_event_ocall([user_check] const void *waiter);
    [cdecl] int sgx_thread_setwait_untrusted_events_ocall([user_check] const void *waiter, [user_check] const void *self);
    [cdecl] int sgx_thread_set_multiple_untrusted_events_ocall([in, count = total] const void **waiters, size_t total);
    [cdecl] int pthread_wait_timeout_ocall(unsigned long long waiter, unsigned long long timeout);
    [cdecl] int pthread_create_ocall(unsigned long long self);
    [cdecl] int pthread_wakeup_ocall(unsigned long long waiter);
  };
};`;
const [cpuidex, waitEvent, setEvent, setWait, setMany, waitTimeout, createThread, wakeup] = [0, 1, 2, 3, 4, 5, 6, 7];

function words(...values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

const result = ({ status, structure: back }: { status: number; structure: DataView }): readonly number[] => [
  status,
  back.getInt32(0, true),
];

describe("OCALLs of the SDK's own", () => {
  test('let threads wait for each other', async () => {
    const order: string[] = [];
    let tcs: bigint[] = [];
    const trusted = [
      async ({ ocall, thread }: Inside) => {
        tcs = [...tcs, thread.tcs];
        order.push('waits');
        assert.deepEqual(result(await ocall(waitEvent, words(0n, thread.tcs))), [0, 0]);
        order.push('is awake');
        // Wakes the other, and waits again.
        assert.deepEqual(result(await ocall(setWait, words(0n, tcs[1] ?? 0n, thread.tcs))), [0, 0]);
        return 0;
      },
      async ({ ocall, thread, memory }: Inside) => {
        tcs = [...tcs, thread.tcs];
        order.push('wakes');
        assert.deepEqual(result(await ocall(setEvent, words(0n, tcs[0] ?? 0n))), [0, 0]);
        assert.deepEqual(result(await ocall(waitEvent, words(0n, thread.tcs))), [0, 0]);
        const waiters = fakeArenaBase + 200_000n;
        memory.write(waiters, words(tcs[0] ?? 0n, thread.tcs));
        assert.deepEqual(result(await ocall(setMany, words(0n, waiters, 2n))), [0, 0]);
        assert.deepEqual(result(await ocall(waitEvent, words(0n, thread.tcs))), [0, 0]);
        return 0;
      },
    ];
    const loaded = await loadFake({ edl: threadsEdl, enclave: { trusted }, threads: 2 });
    const waiting = loaded.calls.ecall(0, undefined);
    await until('it waits', () => order.length > 0);
    await Promise.all([waiting, loaded.calls.ecall(1, undefined)]);
    assert.deepEqual(order, ['waits', 'wakes', 'is awake']);
  });

  test('know only threads that there are, and wake a bounded number at once', async () => {
    const trusted = [
      async ({ ocall, memory, thread }: Inside) => {
        const waiters = fakeArenaBase + 200_000n;
        memory.write(waiters, words(thread.tcs + 1n));
        for (const [index, given] of [
          [waitEvent, words(0n, 1n)],
          [setEvent, words(0n, 1n)],
          [setWait, words(0n, 1n, thread.tcs)],
          [setWait, words(0n, thread.tcs, 1n)],
          [setMany, words(0n, waiters, 1n)],
          [setMany, words(0n, waiters, 65n)],
          [setMany, words(0n, waiters, 2n ** 63n)],
          [createThread, words(0n, 1n)],
        ] as const) {
          assert.deepEqual(result(await ocall(index, given)), [0, 2], `${index}`);
        }
        // Takes what the fourth call set.
        assert.deepEqual(result(await ocall(waitEvent, words(0n, thread.tcs))), [0, 0]);
        assert.deepEqual(result(await ocall(waitTimeout, words(0n, 1n, 1n))), [0, 0x200c]);
        assert.deepEqual(result(await ocall(wakeup, words(0n, 1n))), [0, 0]);
        assert.equal((await ocall(setMany, words(0n, 1n, 1n))).status, 2, 'memory outside of the arena');
        return 0;
      },
    ];
    const loaded = await loadFake({ edl: threadsEdl, enclave: { trusted } });
    await loaded.calls.ecall(0, undefined);
  });

  test('tell the processor', async () => {
    const trusted = [
      async ({ ocall, memory }: Inside) => {
        const target = fakeArenaBase + 200_000n;
        const given = words(target, 7n | (3n << 32n));
        assert.equal((await ocall(cpuidex, given)).status, 0);
        assert.deepEqual(new Uint32Array(memory.read(target, 16).buffer), Uint32Array.of(7, 3, 0x4000_0000, 1));
        assert.equal((await ocall(cpuidex, words(0n, 7n))).status, 2);
        return 0;
      },
    ];
    const loaded = await loadFake({ edl: threadsEdl, enclave: { trusted } });
    await loaded.calls.ecall(0, undefined);
  });

  test('begin threads that the enclave made, and wake who waits for their end', async () => {
    let creator = 0n;
    let go: (() => void) | undefined;
    const mayEnd = new Promise<void>((resolve) => (go = resolve));
    const trusted = [
      async ({ ocall, thread }: Inside) => {
        creator = thread.tcs;
        assert.deepEqual(result(await ocall(createThread, words(0n, thread.tcs))), [0, 0]);
        assert.deepEqual(
          result(await ocall(createThread, words(0n, thread.tcs))),
          [0, 0x1003],
          'there is no third thread',
        );
        go?.();
        assert.deepEqual(result(await ocall(waitTimeout, words(0n, thread.tcs, 0n))), [0, 0]);
        return 0;
      },
    ];
    const loaded = await loadFake({
      edl: threadsEdl,
      enclave: {
        trusted,
        async threadStart({ thread }) {
          await mayEnd;
          assert.notEqual(thread.tcs, creator);
          return creator;
        },
      },
      threads: 2,
    });
    await loaded.calls.ecall(0, undefined);
    leavesNothing(loaded);
  });

  test('wait no longer than was asked for', async () => {
    const trusted = [
      async ({ ocall, thread }: Inside) => {
        assert.deepEqual(result(await ocall(waitTimeout, words(0n, thread.tcs, 3n))), [0, 0]);
        assert.deepEqual(result(await ocall(setEvent, words(0n, thread.tcs))), [0, 0]);
        assert.deepEqual(result(await ocall(waitTimeout, words(0n, thread.tcs, 2n ** 64n - 1n))), [0, 0]);
        return 0;
      },
    ];
    const loaded = await loadFake({ edl: threadsEdl, enclave: { trusted } });
    const call = loaded.calls.ecall(0, undefined);
    await until('it sleeps', () => loaded.sleeps.length > 0);
    loaded.sleeps[0]?.end();
    await call;
    assert.deepEqual(
      loaded.sleeps.map(({ milliseconds }) => milliseconds),
      [3000, 2_000_000_000],
    );
  });

  test("are the user's when there is a handler", async () => {
    const trusted = [async ({ ocall }: Inside) => (await ocall(wakeup, words(0n, 5n))).status];
    const waiters: bigint[] = [];
    const handlersOfUser = { pthread_wakeup_ocall: ({ waiter }: { waiter: bigint }) => (waiters.push(waiter), 0) };
    const loaded = await loadFake({ edl: threadsEdl, handlers: handlersOfUser, enclave: { trusted } });
    await loaded.calls.ecall(0, undefined);
    assert.deepEqual(waiters, [5n]);
  });
});

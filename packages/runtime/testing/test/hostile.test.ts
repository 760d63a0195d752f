import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytes, defineInterface, func, option, string, uint32, type Handlers } from '@enclos/edl';
import { ApplicationError, defineEnclave, seal, unseal, type CallContext } from '@enclos/enclave';
import { isEnclosError } from '@enclos/errors';
import { createInProcessPlatform } from '../src/in-process/index.ts';
import {
  babbles,
  corrupts,
  createBlobStore,
  createHostileHost,
  delays,
  drops,
  on,
  refuses,
  replays,
  shuffles,
  sometimes,
  truncates,
  type Behaviour,
} from '../src/hostile/index.ts';

const name = string({ maxBytes: 32 });
const sealed = bytes({ maxBytes: 4096 });
const ledger = defineInterface({
  name: 'ledger',
  trusted: {
    add: func({ to: name, amount: uint32() }, uint32()),
    /** What the host says, as the enclave understands it. */
    ask: func({ number: uint32() }, uint32()),
    echo: func({ text: name }, name),
  },
  untrusted: {
    save: func({ to: name, sealed }),
    load: func({ to: name }, option(sealed)),
    number: func({ number: uint32() }, uint32()),
  },
});
type Untrusted = (typeof ledger)['untrusted'];

const bound = (to: string) => ({ policy: 'signer', associatedData: Buffer.from(to) }) as const;

/** Notices an older version only as long as it runs, as a real one would. */
function ledgerApplication(remembers: boolean) {
  const newest = new Map<string, number>();
  return defineEnclave(ledger, {
    async add({ to, amount }, { host }: CallContext<Untrusted>) {
      const blob = await host.load({ to });
      const total = blob === undefined ? 0 : Buffer.from(await unseal(blob, bound(to))).readUInt32LE();
      if (remembers && total < (newest.get(to) ?? 0)) throw new ApplicationError('An earlier version.');
      const changed = Buffer.alloc(4);
      changed.writeUInt32LE(total + amount);
      await host.save({ to, sealed: await seal(changed, bound(to)) });
      newest.set(to, total + amount);
      return total + amount;
    },
    ask: ({ number }, { host }: CallContext<Untrusted>) => host.number({ number }, { timeoutMs: 2000 }),
    echo: ({ text }) => text,
  });
}

const platform = await createInProcessPlatform();

async function withHost<R>(
  answers: readonly Behaviour[],
  use: (world: Awaited<ReturnType<typeof open>>) => Promise<R>,
  options: { readonly seed?: number; readonly remembers?: boolean } = {},
): Promise<R> {
  const world = await open(answers, options);
  try {
    return await use(world);
  } finally {
    await world.enclave.dispose();
  }
}

async function open(answers: readonly Behaviour[], { seed = 1, remembers = true }) {
  const store = createBlobStore();
  const host = createHostileHost({ interface: ledger, seed, answers });
  const untrusted: Handlers<Untrusted, unknown> = {
    save: ({ to, sealed: blob }) => store.put(to, blob),
    load: ({ to }) => store.get(to),
    number: ({ number }) => number,
  };
  const enclave = await platform
    .enclave({ application: ledgerApplication(remembers) })
    .start(ledger, { untrusted, host });
  return { enclave, host, store, call: enclave.call };
}

const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => (isEnclosError(error) ? error.code : error));

describe('a hostile host', () => {
  test('that does nothing is honest', async () => {
    await withHost([], async ({ call, host }) => {
      assert.deepEqual([await call.add({ to: 'ada', amount: 5 }), await call.add({ to: 'ada', amount: 7 })], [5, 12]);
      assert.equal(await call.echo({ text: 'unchanged' }), 'unchanged');
      assert.equal(host.lies, 0);
    });
  });

  test('replays an earlier result of the same function', async () => {
    const add = async ({ call }: Awaited<ReturnType<typeof open>>) => {
      for (const amount of [1, 2, 4]) await outcome(call.add({ to: 'ada', amount }));
      return outcome(call.add({ to: 'ada', amount: 8 }));
    };
    assert.equal(await withHost([on('load', replays())], add), 'ENCLAVE_APPLICATION_ERROR');
    // Without its memory the enclave believes it: so the host did lie.
    const believed = await withHost([on('load', replays())], add, { remembers: false });
    assert.ok(typeof believed === 'number' && believed < 15, String(believed));
  });

  test('changes bytes: a sealed blob does not open, and another type is refused', async () => {
    await withHost([on('load', corrupts())], async ({ call, host }) => {
      await outcome(call.add({ to: 'ada', amount: 1 }));
      const found = await outcome(call.add({ to: 'ada', amount: 1 }));
      assert.ok(['SEAL_NOT_OPENED', 'ENCLAVE_CALL_FAILED'].includes(String(found)), String(found));
      assert.ok(host.lies >= 1);
    });
  });

  test('sends wrong sizes: refused inside, and the enclave serves on', async () => {
    await withHost([on('number', truncates())], async ({ call }) => {
      assert.equal(await outcome(call.ask({ number: 7 })), 'ENCLAVE_CALL_FAILED');
      assert.equal(await call.echo({ text: 'still here' }), 'still here');
    });
  });

  test('sends more than the type allows: the enclave ends', async () => {
    await withHost([on('number', babbles(1000))], async ({ call, enclave }) => {
      for (let turn = 0; turn < 20; turn++) if ((await outcome(call.ask({ number: 7 }))) === 'ENCLAVE_LOST') break;
      await enclave.exited;
      assert.equal(await outcome(call.echo({ text: 'x' })), 'ENCLAVE_LOST');
    });
  });

  test('answers with errors, and with none', async () => {
    await withHost([on('number', refuses('GATE_BUSY', 'no'))], async ({ call }) => {
      assert.equal(await outcome(call.ask({ number: 1 })), 'GATE_BUSY');
    });
    await withHost([on('number', drops())], async ({ call, host }) => {
      assert.equal(await outcome(call.ask({ number: 1 })), 'GATE_DEADLINE');
      assert.equal(host.lies, 1);
    });
  });

  test('answers late and in another order, and each answer reaches its question', async () => {
    for (const behaviour of [delays(20), shuffles(4)]) {
      const order: number[] = [];
      await withHost([on('number', behaviour)], async ({ call }) => {
        await Promise.all(
          [0, 1, 2, 3].map(async (number) => {
            assert.equal(await call.ask({ number }), number);
            order.push(number);
          }),
        );
      });
      assert.deepEqual(new Set(order), new Set([0, 1, 2, 3]));
      assert.notDeepEqual(order, [0, 1, 2, 3]);
    }
  });

  test('an answer that waits alone goes out in time', async () => {
    await withHost([shuffles(4, 10)], async ({ call }) => assert.equal(await call.ask({ number: 3 }), 3));
  });

  test('lies as its seed says: the same every time, and otherwise with another', async () => {
    const run = (seed: number) =>
      withHost(
        [on('number', sometimes(2, truncates()))],
        async ({ call, host }) => {
          const found: unknown[] = [];
          for (let number = 0; number < 16; number++) found.push(await outcome(call.ask({ number })));
          return [host.lies, ...found];
        },
        { seed },
      );
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    assert.deepEqual(again, first);
    assert.notDeepEqual(other, first);
    const [lies] = first;
    assert.ok(typeof lies === 'number' && lies > 0 && lies < 16, String(lies));
  });

  test('floods its enclave, which answers or refuses each call, and serves on', async () => {
    await withHost([], async ({ call, host }) => {
      const counts = await host.flood({ calls: 500 });
      assert.equal(
        Object.values(counts).reduce((sum, count) => sum + count, 0),
        500,
      );
      assert.equal(counts['lost'], undefined);
      assert.ok((counts['GATE_BUSY'] ?? 0) > 0, JSON.stringify(counts));
      assert.equal(await call.echo({ text: 'still here' }), 'still here');
    });
  });

  test('that has no enclave yet says so when it is asked to flood it', async () => {
    await assert.rejects(createHostileHost({ interface: ledger }).flood({ calls: 1 }), {
      code: 'TESTING_NO_ENCLAVE',
      next: /^Give the host to `startEnclave`/,
    });
  });

  test('the end of the enclave ends a flood', async () => {
    await withHost([], async ({ host, enclave }) => {
      await enclave.dispose();
      assert.deepEqual(await host.flood({ calls: 3 }), { lost: 3 });
    });
  });
});

describe('a store of blobs', () => {
  test('gives back earlier versions, those of other keys, damaged ones, and none', async () => {
    await withHost([], async ({ call, store }) => {
      const add = (to: string, amount: number) => outcome(call.add({ to, amount }));
      assert.deepEqual([await add('ada', 1), await add('ada', 2), await add('grace', 4)], [1, 3, 4]);
      store.rewind('ada');
      assert.equal(await add('ada', 1), 'ENCLAVE_APPLICATION_ERROR');
      store.forget('ada');
      assert.equal(await add('ada', 1), 'ENCLAVE_APPLICATION_ERROR');
      store.swap('ada', 'grace');
      assert.equal(await add('ada', 1), 'SEAL_NOT_OPENED');
      store.swap('ada', 'grace');
      assert.equal(await add('grace', 1), 5);
      store.damage('grace', 4001);
      assert.equal(await add('grace', 1), 'SEAL_NOT_OPENED');
    });
  });

  test('keeps what it was given, and rewinds to the first version at most', () => {
    const store = createBlobStore();
    const blob = Uint8Array.of(1);
    store.put('key', blob);
    blob[0] = 9;
    store.put('key', Uint8Array.of(2));
    store.put('key', Uint8Array.of(3));
    assert.deepEqual(store.get('key'), Uint8Array.of(3));
    store.rewind('key');
    assert.deepEqual(store.get('key'), Uint8Array.of(2));
    store.rewind('key', 5);
    assert.deepEqual(store.get('key'), Uint8Array.of(1));
    store.put('key', Uint8Array.of(4));
    assert.deepEqual(store.get('key'), Uint8Array.of(4));
    assert.equal(store.get('other'), undefined);
  });
});

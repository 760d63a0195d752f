import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { createWorkshop, loadProbe, outcome, type Probe, type ProbeHandlers } from '@enclos/process-kit';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

/** Calls of the enclave that the host has not answered yet, and a way to wait for the next one. */
function createHolds() {
  const held = new Map<number, () => void>();
  const aborted = new Map<number, string>();
  const waiting: { readonly ready: () => boolean; readonly resolve: () => void }[] = [];
  let most = 0;
  const changed = (): void => {
    most = Math.max(most, held.size);
    for (const waiter of waiting.filter(({ ready }) => ready())) {
      waiting.splice(waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
  };
  const when = (ready: () => boolean): Promise<void> =>
    ready() ? Promise.resolve() : new Promise((resolve) => waiting.push({ ready, resolve }));
  const handlers: Partial<ProbeHandlers> = {
    holding: ({ id }) =>
      new Promise((resolve) => {
        held.set(id, resolve);
        changed();
      }),
    aborted({ id, code }) {
      aborted.set(id, code);
      changed();
    },
  };
  return {
    handlers,
    ids: () => [...held.keys()],
    mostAtOnce: () => most,
    whenHeld: (count: number) => when(() => held.size >= count),
    whenAborted: (id: number) => when(() => aborted.has(id)).then(() => aborted.get(id)),
    release(id: number) {
      held.get(id)?.();
      held.delete(id);
    },
  };
}

type Holds = ReturnType<typeof createHolds>;

async function withHolds(use: (call: Probe['call'], holds: Holds, probe: Probe) => Promise<void>): Promise<void> {
  const holds = createHolds();
  const probe = await loadProbe(platform, await workshop.signed('probe'), { handlers: holds.handlers });
  try {
    await use(probe.call, holds, probe);
  } finally {
    await probe.dispose();
  }
}

/** The probe's manifest: two threads, four calls may wait, calls nest four deep. */
const [threads, queued] = [2, 4];

test('no more calls run at once than the manifest has threads, and the rest wait in order', async () => {
  await withHolds(async (call, holds) => {
    const ids = Array.from({ length: threads + queued }, (_, id) => id);
    const calls = Promise.all(ids.map((id) => call.hold({ id })));
    const order: number[] = [];
    for (const id of ids) {
      await holds.whenHeld(Math.min(threads, ids.length - id));
      // Frames come in order: had a third call begun, its message would have been here before this refusal.
      if (id === 0) assert.equal(await outcome(call.hold({ id: 99 })), 'GATE_BUSY');
      order.push(...holds.ids().filter((held) => !order.includes(held)));
      holds.release(id);
    }
    await calls;
    assert.equal(holds.mostAtOnce(), threads);
    assert.deepEqual(order, ids);
  });
});

test('a call that waits can be cancelled, and leaves its place', async () => {
  await withHolds(async (call, holds) => {
    const running = [call.hold({ id: 0 }), call.hold({ id: 1 })];
    await holds.whenHeld(2);
    const controller = new AbortController();
    const waiting = outcome(call.hold({ id: 2 }, { signal: controller.signal }));
    const next = call.hold({ id: 3 });
    controller.abort();
    assert.equal(await waiting, 'GATE_CANCELLED');
    holds.release(0);
    await holds.whenHeld(2);
    assert.deepEqual(holds.ids(), [1, 3]);
    holds.release(1);
    holds.release(3);
    await Promise.all([...running, next]);
  });
});

test('calls nest as deeply as the manifest says, and no deeper', async () => {
  await withHolds(async (call) => {
    // The call itself is the first of the four.
    assert.equal(await call.nest({ remaining: 3 }), 3);
    assert.equal(await outcome(call.nest({ remaining: 4 })), 'GATE_DEPTH_EXCEEDED');
    assert.equal(await call.nest({ remaining: 3 }), 3);
  });
});

test('nested calls get through when every thread is taken', async () => {
  await withHolds(async (call) => {
    const many = Array.from({ length: threads + queued }, () => call.nest({ remaining: 3 }));
    assert.deepEqual(await Promise.all(many), Array(threads + queued).fill(3));
  });
});

test('a deadline rejects the caller and reaches the function inside', async () => {
  await withHolds(async (call, holds) => {
    // Enough for the call to get inside before, also on a busy machine.
    const attempt = outcome(call.runUntilAborted({ id: 7 }, { timeoutMs: 5000 }));
    await holds.whenHeld(1);
    holds.release(7);
    assert.equal(await attempt, 'GATE_DEADLINE');
    // Both sides keep the time; whichever is first, the function inside learns it.
    assert.match((await holds.whenAborted(7)) ?? '', /^GATE_(?:DEADLINE|CANCELLED)$/);
    assert.equal(await call.nest({ remaining: 0 }), 0);
  });
});

test('a cancellation rejects the caller at once and reaches the function inside', async () => {
  await withHolds(async (call, holds) => {
    const controller = new AbortController();
    const attempt = outcome(call.runUntilAborted({ id: 8 }, { signal: controller.signal }));
    await holds.whenHeld(1);
    holds.release(8);
    // An answer to a later call says that the release before it has arrived.
    await call.nest({ remaining: 0 });
    controller.abort();
    assert.equal(await attempt, 'GATE_CANCELLED');
    assert.equal(await holds.whenAborted(8), 'GATE_CANCELLED');
  });
});

test('a cancelled call frees its thread only when its function has ended', async () => {
  await withHolds(async (call, holds) => {
    const controller = new AbortController();
    const { signal } = controller;
    const attempts = [0, 1].map((id) => outcome(call.hold({ id }, { signal })));
    await holds.whenHeld(2);
    controller.abort();
    assert.deepEqual(await Promise.all(attempts), ['GATE_CANCELLED', 'GATE_CANCELLED']);
    // The nested calls to the host ended with their parents, and with them the functions.
    assert.equal(await call.nest({ remaining: 3 }), 3);
  });
});

test('a call that is cancelled before it is made is not made', async () => {
  await withHolds(async (call, holds) => {
    assert.equal(await outcome(call.hold({ id: 0 }, { signal: AbortSignal.abort() })), 'GATE_CANCELLED');
    assert.equal(await outcome(call.hold({ id: 0 }, { timeoutMs: 0 })), 'GATE_DEADLINE');
    assert.equal(await call.nest({ remaining: 0 }), 0);
    assert.deepEqual(holds.ids(), []);
  });
});

test('disposing answers every pending call, running or waiting, and every later one', async () => {
  await withHolds(async (call, holds, probe) => {
    const pending = Array.from({ length: threads + queued }, (_, id) => outcome(call.hold({ id })));
    await holds.whenHeld(threads);
    await probe.dispose();
    assert.deepEqual(await Promise.all(pending), Array(threads + queued).fill('ENCLAVE_LOST'));
    assert.equal(await outcome(call.identity()), 'ENCLAVE_LOST');
    await probe.dispose();
  });
});

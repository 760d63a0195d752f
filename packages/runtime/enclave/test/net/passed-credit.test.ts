import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MAX_STREAMS } from '@enclos/edl';
import type { PassageNotice } from '@enclos/tee/passage';
import fc from 'fast-check';
import { PassedStreams } from '../../src/net/passed-streams.ts';
import { FakePassage, type FakeSocket } from './fake-passage.ts';

/** With so many listeners the share of each is 4. */
const listeners = Array.from({ length: MAX_STREAMS / 4 }, () => true);
const share = 4;

/** A host that keeps the rules, with as many clients as there is credit for. What either side sends takes as long as it likes. */
class HonestHost {
  readonly passage = new FakePassage();
  readonly streams = new PassedStreams({ passage: this.passage, listeners });
  readonly toHost: PassageNotice[] = [];
  readonly toEnclave: number[] = [];
  /** Connections inside that are not closed. */
  readonly open = new Set<FakeSocket>();
  credit = 0;
  readers: AbortController[] = [];
  #isGranted = false;
  #last = 0;

  constructor() {
    this.passage.onNotice = (notice) => void this.toHost.push(notice);
  }

  listen(): void {
    const reader = new AbortController();
    this.readers.push(reader);
    const read = async (): Promise<void> => {
      for await (const _taken of this.streams.listen(0, { signal: reader.signal })) await turn();
    };
    read().catch((error: unknown) => assert.fail(String(error)));
  }

  stop(which: number): void {
    const [reader] = this.readers.splice(which % Math.max(1, this.readers.length), 1);
    reader?.abort();
  }

  /** The host has a client for each credit. */
  pass(): void {
    if (this.credit === 0) return;
    this.credit -= 1;
    this.toEnclave.push(++this.#last);
  }

  readNotice(): void {
    const notice = this.toHost.shift();
    if (notice === undefined) return;
    if (notice.kind === 'accepted-ended') {
      if (this.#isGranted) this.credit += 1;
    } else {
      this.#isGranted = notice.kind === 'grant';
      this.credit = notice.kind === 'grant' ? this.credit + notice.count : 0;
    }
  }

  arrive(): void {
    const stream = this.toEnclave.shift();
    if (stream === undefined) return;
    const socket = this.passage.accepted(stream);
    if (socket.destroyed) return;
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }

  close(which: number): void {
    [...this.open][which % Math.max(1, this.open.size)]?.destroy();
  }

  async settle(): Promise<void> {
    do {
      await turn();
      await turn();
      while (this.toHost.length > 0) this.readNotice();
      while (this.toEnclave.length > 0) this.arrive();
      await turn();
      await turn();
    } while (this.toHost.length > 0);
  }
}

const step = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ what: 'listen' as const, which: 0 }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('stop' as const), which: fc.nat(3) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constantFrom('pass' as const, 'readNotice' as const, 'arrive' as const, 'close' as const),
      which: fc.nat(3),
    }),
  },
);

test('in whatever order things happen, a listener has its share of connections and an honest host breaks no rule', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ step, isTurnOver: fc.boolean() }), { maxLength: 80 }), async (steps) => {
      const host = new HonestHost();
      for (const { step: at, isTurnOver } of steps) {
        host[at.what](at.which);
        if (isTurnOver) await turn();
        assert.ok([...host.open].filter((socket) => !socket.destroyed).length <= share);
      }
      await host.settle();
      // Whatever is left from before a withdrawal shows when the share is used up.
      while (host.credit > 0) {
        host.pass();
        await host.settle();
      }
      assert.equal(host.open.size, host.readers.length === 0 ? host.open.size : share);
      for (const socket of host.open) socket.destroy();
      await host.settle();
      assert.equal(host.credit, host.readers.length === 0 ? 0 : share);
      for (const reader of host.readers) reader.abort();
    }),
    { numRuns: 300 },
  );
});

test('ten thousand connections leave nothing behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const passage = new FakePassage();
  const streams = new PassedStreams({ passage, listeners: [true] });
  const { signal } = new AbortController();
  const connections = streams.listen(0, { signal });
  let stream = -1;
  /** Memory in use, after so many more connections. */
  const serve = async (count: number): Promise<number> => {
    for (const last = stream + count; stream < last;) {
      stream += 2;
      const next = connections.next();
      await turn();
      const accepted = passage.accepted(stream);
      await next;
      const connected = await streams.connect(stream + 1, async () => void passage.connected(stream + 1), { signal });
      accepted.destroy();
      connected.destroy();
      await turn();
      passage.take();
    }
    await turn();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const sizes: number[] = [];
  for (let i = 0; i < 5; i++) sizes.push(await serve(2500));
  // The interpreter keeps things too, but not more and more of them. 40 bytes of each connection would be a leak.
  const growths = sizes.slice(1).map((size, i) => size - (sizes[i] ?? 0));
  assert.ok(Math.min(...growths) < 100_000, growths.join(' '));
  assert.equal(getEventListeners(signal, 'abort').length, 1);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { encodePassageNotice, type PassageNotice, type PassedFrame } from '@enclos/tee/passage';
import '../src/errors.ts';
import type {
  ConnectionHandle,
  HeldConnection,
  PassageEvents,
  Passing,
  SettledCallback,
} from '../src/passing/passing.ts';
import { Arrivals } from '../src/services/arrivals.ts';
import { PassedStreams } from '../src/services/passed-streams.ts';

function code(expected: ErrorCode): (error: unknown) => boolean {
  return (error) => isEnclosError(error, expected);
}

/** A connection that nothing is at the other end of. */
class FakeConnection implements ConnectionHandle {
  close(): void {}
}

interface Delivery {
  readonly frame: PassedFrame;
  readonly settled: SettledCallback;
}

/** A passage whose deliveries a test settles, and whose notices it makes. */
class FakePassing implements Passing {
  readonly deliveries: Delivery[] = [];
  isClosed = false;
  #events: PassageEvents | undefined;

  accept(): void {}

  open(_path: string, events: PassageEvents) {
    this.#events = events;
    return Promise.resolve({
      pass: (_connection: HeldConnection, frame: PassedFrame, settled: SettledCallback) => {
        this.deliveries.push({ frame, settled });
      },
      close: () => void (this.isClosed = true),
    });
  }

  tell(notice: PassageNotice): void {
    this.#events?.read(encodePassageNotice(notice));
  }

  settle(error?: Error): void {
    const { frame, settled } = this.deliveries.shift() ?? assert.fail('nothing was passed');
    settled(frame, error);
  }
}

const { signal } = new AbortController();
const ended = (stream: number): PassageNotice => ({
  kind: 'connected-ended',
  stream,
  bytesRead: 0n,
  bytesWritten: 0n,
});

async function scene() {
  const passing = new FakePassing();
  const dropped: number[] = [];
  const watch = {
    connection: () => undefined,
    backlog: (_listener: string, change: { dropped?: number }) => void dropped.push(change.dropped ?? 0),
  };
  const arrivals = new Arrivals({ waiting: () => undefined, dropped: () => undefined });
  const streams = new PassedStreams(passing, watch, [{ name: 'web', arrivals }]);
  const violations: unknown[] = [];
  streams.start({ violated: (error) => void violations.push(error), lost: () => assert.fail('lost') });
  await streams.open('/passage');
  const ask = (stream: number, connect: () => Promise<HeldConnection>): Promise<void> =>
    streams.connect({ stream, destination: 'database' }, signal, connect);
  return { passing, streams, arrivals, violations, dropped, ask };
}

const connected = (): Promise<HeldConnection> => Promise.resolve(new FakeConnection());

async function untilPassed({ deliveries }: FakePassing): Promise<void> {
  while (deliveries.length === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('a connection that the enclave asked for', () => {
  test('has not ended before it was passed: an enclave that says so ends', async () => {
    const { passing, violations, ask } = await scene();
    const asked = ask(1, () => new Promise(() => undefined));
    asked.catch(() => undefined);
    passing.tell(ended(1));
    assert.ok(code('GATE_PROTOCOL_VIOLATION')(violations[0]), String(violations[0]));
  });

  test('is refused beyond 512 that are open or waited for, until one ends', async () => {
    const { passing, violations, ask } = await scene();
    for (let stream = 1; stream <= 512; stream += 1) {
      const asked = ask(stream, connected);
      await untilPassed(passing);
      passing.settle();
      await asked;
    }
    await assert.rejects(ask(513, connected), code('STREAM_LIMIT'));
    passing.tell(ended(7));
    const next = ask(513, connected);
    await untilPassed(passing);
    passing.settle();
    await next;
    assert.deepEqual(violations, []);
  });

  test('is broken when it cannot be passed, and its number is free again', async () => {
    const { passing, streams, ask } = await scene();
    const asked = ask(1, connected);
    await untilPassed(passing);
    assert.equal(streams.has(1), true);
    passing.settle(new Error('no'));
    await assert.rejects(asked, code('STREAM_BROKEN'));
    assert.equal(streams.has(1), false);
  });

  test('is not waited for when the enclave has ended', async () => {
    const { streams } = await scene();
    let seen: AbortSignal | undefined;
    const asked = streams.connect({ stream: 1, destination: 'database' }, signal, (ending) => {
      seen = ending;
      return new Promise((_, reject) => ending.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    assert.equal(seen?.aborted, false);
    streams.close();
    assert.equal(seen.aborted, true);
    await assert.rejects(asked, /aborted/);
  });
});

describe('a connection of a listener', () => {
  test('that cannot be passed is counted as dropped, and the next one has its credit', async () => {
    const { passing, arrivals, dropped } = await scene();
    passing.tell({ kind: 'grant', listener: 0, count: 1 });
    for (let i = 0; i < 2; i += 1) arrivals.add(new FakeConnection());
    const [first] = passing.deliveries;
    assert.deepEqual([passing.deliveries.length, first?.frame.stream], [1, 1]);
    passing.settle(new Error('no'));
    assert.deepEqual(dropped, [1]);
    assert.deepEqual(
      passing.deliveries.map(({ frame }) => frame.stream),
      [2],
    );
  });
});

test('a passage that opens when its host has closed is closed at once', async () => {
  const passing = new FakePassing();
  const streams = new PassedStreams(passing, undefined, []);
  const opening = streams.open('/passage');
  streams.close();
  await opening;
  assert.deepEqual([passing.isClosed, streams.isOpen], [true, false]);
});

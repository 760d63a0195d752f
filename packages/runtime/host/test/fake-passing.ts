import assert from 'node:assert/strict';
import { encodePassageNotice, type PassageNotice, type PassedFrame } from '@enclos/tee/passage';
import type { ConnectionHandle, HeldConnection, PassageEvents, Passing, SettledCallback } from '@enclos/tee/passing';
import { Arrivals } from '../src/services/arrivals.ts';
import { PassedStreams } from '../src/services/passed-streams.ts';

/** A connection that knows whether it is closed. */
export class FakeConnection implements ConnectionHandle {
  isClosed = false;
  close(): void {
    this.isClosed = true;
  }
}

interface Delivery {
  readonly connection: HeldConnection;
  readonly frame: PassedFrame;
  readonly settled: SettledCallback;
}

/** A passage without a process: a test settles what was passed, and makes the enclave's notices. */
export class FakePassing implements Passing {
  /** All that was passed, in order. */
  readonly given: Delivery[] = [];
  isClosed = false;
  /** Whether the notices of the enclave are read later. */
  isResting = false;
  #events: PassageEvents | undefined;

  accept(): void {}

  open(_path: string, events: PassageEvents) {
    this.#events = events;
    return Promise.resolve({
      pass: (connection: HeldConnection, frame: PassedFrame, settled: SettledCallback) =>
        void this.given.push({ connection, frame, settled }),
      rest: () => void (this.isResting = true),
      wake: () => void (this.isResting = false),
      close: () => void (this.isClosed = true),
    });
  }

  tell(...notices: readonly PassageNotice[]): void {
    this.#events?.read(Buffer.concat(notices.map(encodePassageNotice)));
  }

  /** Settles what was passed last. */
  settle(error?: Error): void {
    const { frame, settled } = this.given.at(-1) ?? assert.fail('nothing was passed');
    settled(frame, error);
  }

  /** So many connections have been passed. */
  async until(count: number): Promise<void> {
    while (this.given.length < count) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The host's part of passed streams, with listeners l0, l1 and so on, over a passage without a process. */
export async function createFakeHost(listeners: number, { isWatched = true } = {}) {
  const passing = new FakePassing();
  const dropped: [listener: string, change: { readonly dropped?: number }][] = [];
  const arrivals = Array.from(
    { length: listeners },
    () => new Arrivals({ waiting: () => undefined, dropped: () => undefined }),
  );
  const watch = {
    connection: () => undefined,
    backlog: (listener: string, change: { readonly dropped?: number }) => void dropped.push([listener, change]),
  };
  const named = arrivals.map((of, i) => ({ name: `l${i}`, arrivals: of }));
  const streams = new PassedStreams(passing, isWatched ? watch : undefined, named);
  const violations: Error[] = [];
  streams.start({ violated: (error) => void violations.push(error), lost: () => assert.fail('lost') });
  await streams.open('/passage');
  return { passing, streams, arrivals, dropped, violations };
}

import { isEnclosError, type EnclosError } from '@enclos/errors';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createEndpoint,
  encodeFrame,
  FrameDecoder,
  FrameKind,
  gateAnswerErrors,
  type Endpoint,
  type EndpointOptions,
  type Frame,
  type GateLimits,
  type Timers,
  type Transport,
  type TransportEvents,
} from '../src/index.ts';
import { acceptedErrors, decodeThrow } from '../src/messages.ts';

export const testLimits: GateLimits = {
  maxFrameBytes: 8192,
  maxConcurrentCalls: 2,
  maxQueuedCalls: 2,
  maxPendingCalls: 4,
  maxDepth: 3,
  helloTimeoutMs: 1000,
  frameTimeoutMs: 500,
  closeTimeoutMs: 200,
};

export const noBytes = new Uint8Array(0);

export function frame(kind: FrameKind, fields: Partial<Frame> = {}): Frame {
  return { kind, table: 0, functionIndex: 0, callId: 0, parentCallId: 0, timeoutMs: 0, payload: noBytes, ...fields };
}

export const hello = encodeFrame(frame(FrameKind.HELLO));

/** The frames that a chunk completes, those of streams with payloads that are copies. */
export function pushed(decoder: FrameDecoder, chunk: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  decoder.read(chunk, (each) => {
    const isLent = each.kind === FrameKind.STREAM_DATA;
    frames.push(isLent ? { ...each, payload: each.payload.slice() } : each);
  });
  return frames;
}

/** Turns of the event loop: enough for every microtask and in-process delivery. */
export async function settle(turns = 4): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await nextTurn();
}

/** Timers that only move when told. */
export class FakeTimers implements Timers {
  #now = 0;
  #next = 1;
  readonly #waiting = new Map<number, { readonly at: number; readonly callback: () => void }>();

  get count(): number {
    return this.#waiting.size;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.#waiting.set(this.#next, { at: this.#now + delayMs, callback });
    return this.#next++;
  }

  clearTimeout(handle: unknown): void {
    if (typeof handle === 'number') this.#waiting.delete(handle);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const [handle, { at, callback }] of this.#waiting) {
      if (at > this.#now || !this.#waiting.delete(handle)) continue;
      callback();
    }
  }
}

/** The wire under the control of the test. */
export class FakeTransport implements Transport {
  readonly sends: Uint8Array[] = [];
  congested = false;
  paused = false;
  closed: { readonly reason: Error | undefined } | undefined;
  events: TransportEvents | undefined;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: 2 ** 24 });
  #decoded = 0;

  start(events: TransportEvents): void {
    this.events = events;
  }

  send(bytes: Uint8Array): boolean {
    this.sends.push(bytes);
    return !this.congested;
  }

  close(reason?: Error): void {
    this.closed = { reason };
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  push(...frames: readonly (Frame | Uint8Array)[]): void {
    for (const item of frames) this.events?.data(item instanceof Uint8Array ? item : encodeFrame(item));
  }

  drain(): void {
    this.congested = false;
    this.events?.drain();
  }

  /** The frames sent since the last call. */
  frames(): Frame[] {
    const fresh = this.sends.slice(this.#decoded);
    this.#decoded = this.sends.length;
    return fresh.flatMap((bytes) => pushed(this.#decoder, bytes));
  }
}

/** The error of a THROW frame, for a receiver that takes the gate's own codes from the peer. */
export function thrown(payload: Uint8Array): EnclosError {
  return decodeThrow(payload, acceptedErrors(gateAnswerErrors));
}

export interface Rig {
  readonly endpoint: Endpoint;
  readonly wire: FakeTransport;
  readonly timers: FakeTimers;
}

export class LostError extends Error {}

/** Endpoint options that echo and describe typed errors. */
export function optionsFor(transport: Transport, overrides: Partial<EndpointOptions> = {}): EndpointOptions {
  return {
    transport,
    initiator: true,
    hello: noBytes,
    acceptHello: () => undefined,
    limits: testLimits,
    remoteErrors: gateAnswerErrors,
    dispatch: async (call) => call.payload,
    describeError: (error) => ({
      code: isEnclosError(error) ? error.code : 'GATE_REMOTE_ERROR',
      message: error instanceof Error ? error.message : 'unknown',
    }),
    lostError: (cause) => new LostError('lost', { cause }),
    ...overrides,
  };
}

/** An endpoint (whose call ids are odd) against a wire that the test plays. */
export function rig(overrides: Partial<EndpointOptions> = {}, wire = new FakeTransport()): Rig {
  const timers = new FakeTimers();
  const endpoint = createEndpoint(optionsFor(wire, { timers, ...overrides }));
  return { endpoint, wire, timers };
}

/** A rig whose greeting is over. */
export async function openRig(overrides: Partial<EndpointOptions> = {}, wire?: FakeTransport): Promise<Rig> {
  const made = rig(overrides, wire);
  made.wire.push(hello);
  await made.endpoint.ready;
  made.wire.frames();
  return made;
}

/** What became of a promise, without waiting for it. */
export function watch<T>(promise: Promise<T>): {
  state: 'pending' | 'resolved' | 'rejected';
  value?: T;
  error?: unknown;
} {
  const seen: { state: 'pending' | 'resolved' | 'rejected'; value?: T; error?: unknown } = { state: 'pending' };
  promise.then(
    (value) => Object.assign(seen, { state: 'resolved', value }),
    (error: unknown) => Object.assign(seen, { state: 'rejected', error }),
  );
  return seen;
}

/** For `assert.rejects` and `assert.throws`. */
export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => isEnclosError(error) && error.code === code;
}

/** A promise that the test settles. */
export function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let handles: { resolve(value: T): void; reject(error: Error): void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    handles = { resolve, reject };
  });
  if (handles === undefined) throw new TypeError('unreachable');
  return { promise, ...handles };
}

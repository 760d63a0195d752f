import { EnclosError, isEnclosError } from '@enclos/errors';
import { callCancelled, deadlinePassed, depthExceeded, parentOver } from './call-link.ts';
import { CallQueue } from './call-queue.ts';
import { FRAME_HEADER_BYTES, FrameKind, protocolViolation, simpleFrame, type Frame } from './frame/frames.ts';
import type { FrameWriter } from './frame/frame-writer.ts';
import { IdTable } from './id-table.ts';
import { RunningCall, type CallOwner, type IncomingCall } from './incoming-call.ts';
import { MAX_TIMEOUT_MS, type GateLimits, type Timers } from './limits.ts';
import { encodeThrow, type ErrorDescription } from './messages.ts';
import type { OutgoingCall, OutgoingCalls, OutgoingRequest } from './outgoing-calls.ts';
import { LARGE_PAYLOAD_BYTES } from './transport/transport.ts';

export interface IncomingCallsOptions {
  readonly limits: Required<GateLimits>;
  readonly timers: Timers;
  readonly writer: FrameWriter;
  readonly outgoing: OutgoingCalls;
  readonly dispatch: (call: IncomingCall) => Uint8Array | Promise<Uint8Array>;
  readonly describeError: (error: unknown) => ErrorDescription;
}

/**
 * The slots of one depth of nesting and one function table. A call waits only for calls that are nested in it, so for deeper
 * ones: because each depth has its own slots, the deepest calls always finish, and by induction all others.
 */
interface Lane {
  readonly slots: number;
  running: number;
  readonly waiting: CallQueue;
  /** Waiting calls are being started, somewhere up the stack. */
  isStarting: boolean;
  /** Gives a slot back. */
  readonly release: () => void;
}

const failed: ErrorDescription = Object.freeze({ code: 'GATE_REMOTE_ERROR', message: 'The function failed.' });

/** The calls of the peer: slots, queues, deadlines, and exactly one answer each. */
export class IncomingCalls implements CallOwner {
  readonly #options: IncomingCallsOptions;
  readonly #lanes: readonly Lane[];
  /** Calls without an answer, queued or running. */
  readonly #calls = new IdTable<RunningCall>();
  #queued = 0;
  #queuedBytes = 0;
  #lost = false;

  constructor(options: IncomingCallsOptions) {
    this.#options = options;
    const { maxDepth, maxConcurrentCalls, maxConcurrentSystemCalls } = options.limits;
    const tables = [maxConcurrentCalls, maxConcurrentSystemCalls];
    this.#lanes = Array.from({ length: maxDepth }, () => tables).flatMap((slotsOfTables) =>
      slotsOfTables.map((slots) => this.#openLane(slots)),
    );
  }

  #openLane(slots: number): Lane {
    const release = (): void => this.#release(lane);
    const lane: Lane = { slots, running: 0, waiting: new CallQueue(), isStarting: false, release };
    return lane;
  }

  /** @throws GATE_PROTOCOL_VIOLATION for an id in use or a parent that is not a call of ours. */
  accept(frame: Frame): void {
    const { limits, outgoing } = this.#options;
    if (this.#calls.get(frame.callId) !== undefined) throw protocolViolation('a call with the id of another one');
    const parent = frame.parentCallId === 0 ? undefined : outgoing.get(frame.parentCallId);
    if (frame.parentCallId !== 0 && parent === undefined) {
      throw protocolViolation('a call nested in one that was not made');
    }
    // Not a violation: our CANCEL and this call may have crossed.
    if (parent?.isAbandoned === true) return this.#refuse(frame.callId, parentOver());
    const lane = this.#lanes[2 * (parent?.depth ?? 0) + frame.table];
    if (lane === undefined) return this.#refuse(frame.callId, depthExceeded(limits.maxDepth));
    const isFull = lane.running >= lane.slots;
    if (isFull && !this.#mayQueue(frame.payload.length)) {
      return this.#refuse(frame.callId, new EnclosError('GATE_BUSY', 'Too many calls are waiting.'));
    }
    const call = this.#admit(frame, parent);
    if (isFull) this.#enqueue(lane, call);
    else this.#start(lane, call);
  }

  /** The caller no longer waits. The answer to an unknown id is already in transit. */
  cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call !== undefined) this.abort(call, callCancelled());
  }

  /** Aborts every call without answering, and drops the waiting ones. */
  lose(error: () => Error): void {
    this.#lost = true;
    for (const call of this.#calls.values()) this.abort(call, error());
  }

  invoke(request: OutgoingRequest): Promise<Uint8Array> {
    return this.#options.outgoing.invoke(request);
  }

  abort(call: RunningCall, error: Error): void {
    if (call.state === 'answered') return;
    const wasQueued = call.state === 'queued';
    if (wasQueued) {
      this.#lane(call).waiting.remove(call);
      this.#dequeued(call);
    }
    this.#close(call);
    if (!this.#lost) this.#refuse(call.id, error);
    call.signalAbort(error);
  }

  #admit(frame: Frame, parent: OutgoingCall | undefined): RunningCall {
    const call = new RunningCall(this, frame, parent);
    this.#calls.add(call.id, call);
    parent?.dependents.add(call);
    if (frame.timeoutMs > 0) {
      const timeoutMs = Math.min(frame.timeoutMs, MAX_TIMEOUT_MS);
      call.timer = this.#options.timers.setTimeout(() => this.abort(call, deadlinePassed(timeoutMs)), timeoutMs);
    }
    return call;
  }

  #enqueue(lane: Lane, call: RunningCall): void {
    // Its memory is lent until this returns.
    if (call.payload.length < LARGE_PAYLOAD_BYTES) call.payload = call.payload.slice();
    lane.waiting.push(call);
    this.#queued++;
    this.#queuedBytes += call.payload.length;
  }

  #dequeued(call: RunningCall): void {
    this.#queued--;
    this.#queuedBytes -= call.payload.length;
  }

  #mayQueue(payloadBytes: number): boolean {
    const { maxQueuedCalls, maxQueuedBytes } = this.#options.limits;
    return this.#queued < maxQueuedCalls && this.#queuedBytes + payloadBytes <= maxQueuedBytes;
  }

  #start(lane: Lane, call: RunningCall): void {
    call.state = 'running';
    lane.running++;
    const threw = (error: unknown): void => this.#fail(lane, call, error);
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      answer = this.#options.dispatch(call);
    } catch (error) {
      // In a later microtask, as if a promise had been rejected.
      return queueMicrotask(() => threw(error));
    }
    // Skipping the promise halves the cost of a call: most functions have their result at once.
    if (answer instanceof Uint8Array) return this.#succeed(lane, call, answer);
    // A handler in plain JavaScript may return any bare value.
    Promise.resolve(answer).then((result) => this.#succeed(lane, call, result), threw);
  }

  #succeed(lane: Lane, call: RunningCall, result: Uint8Array): void {
    const maxBytes = this.#options.limits.maxFrameBytes - FRAME_HEADER_BYTES;
    if (!(result instanceof Uint8Array)) {
      return this.#fail(lane, call, new TypeError('The result is not a Uint8Array.'));
    }
    if (result.length > maxBytes) {
      const message = `The result takes ${result.length} bytes, and at most ${maxBytes} fit (limits.maxFrameBytes).`;
      return this.#answer(lane, call, throwFrame(call.id, { code: 'GATE_FRAME_TOO_LARGE', message }));
    }
    this.#answer(lane, call, simpleFrame(FrameKind.RETURN, call.id, result));
  }

  #fail(lane: Lane, call: RunningCall, error: unknown): void {
    this.#answer(lane, call, throwFrame(call.id, this.#describe(error)));
  }

  /** The slot is released when the transport has taken the answer, which bounds the waiting answers. */
  #answer(lane: Lane, call: RunningCall, frame: Frame): void {
    if (call.state === 'answered') return this.#release(lane);
    this.#close(call);
    this.#options.writer.sendThen(frame, lane.release);
  }

  /** The call is over: no call may be nested in it any more, and the peer may reuse its id. */
  #close(call: RunningCall): void {
    call.state = 'answered';
    this.#calls.delete(call.id);
    if (call.timer !== undefined) this.#options.timers.clearTimeout(call.timer);
    call.parent?.dependents.delete(call);
    call.dependents.endAll(parentOver);
  }

  #release(lane: Lane): void {
    lane.running--;
    // A loop, not recursion: a long queue of calls that are answered at once must not become a deep stack.
    if (lane.isStarting) return;
    lane.isStarting = true;
    while (lane.running < lane.slots) {
      const next = lane.waiting.shift();
      if (next === undefined) break;
      this.#dequeued(next);
      this.#start(lane, next);
    }
    lane.isStarting = false;
  }

  #refuse(id: number, error: Error): void {
    const description = isEnclosError(error) ? { code: error.code, message: error.message } : failed;
    this.#options.writer.sendRefusal(throwFrame(id, description));
  }

  #describe(error: unknown): ErrorDescription {
    try {
      return this.#options.describeError(error);
    } catch {
      return failed;
    }
  }

  #lane(call: RunningCall): Lane {
    const lane = this.#lanes[2 * (call.depth - 1) + call.table];
    if (lane === undefined) throw new RangeError('A call is deeper than the gate allows.');
    return lane;
  }
}

function throwFrame(id: number, description: ErrorDescription): Frame {
  return simpleFrame(FrameKind.THROW, id, encodeThrow(description));
}

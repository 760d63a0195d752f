import { EnclosError, type ErrorCode } from '@enclos/errors';
import {
  callCancelled,
  deadlinePassed,
  Dependents,
  depthExceeded,
  parentOver,
  type Dependent,
  type ParentCall,
} from './call-link.ts';
import { FRAME_HEADER_BYTES, FrameKind, protocolViolation, simpleFrame, type Frame } from './frame/frames.ts';
import type { FrameWriter } from './frame/frame-writer.ts';
import { IdTable } from './id-table.ts';
import { MAX_TIMEOUT_MS, type GateLimits, type Timers } from './limits.ts';
import { decodeThrow } from './messages.ts';

/** How to call. */
export interface InvokeOptions {
  /** Rejects with GATE_DEADLINE after this long; fractions round up, zero or less has already expired. */
  readonly timeoutMs?: number | undefined;
  /** Rejects with GATE_CANCELLED when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** A larger result breaks the protocol and closes the gate. Default: the size of a frame. */
  readonly maxResultBytes?: number | undefined;
  /** The caller's own tag. It stays on this side, and is the `parentTag` of calls that the peer nests in this one. */
  readonly tag?: unknown;
}

export interface OutgoingRequest {
  readonly table: number;
  readonly index: number;
  readonly payload: Uint8Array;
  readonly options: InvokeOptions;
  readonly parent: ParentCall | undefined;
}

export interface OutgoingCallsOptions {
  readonly limits: Required<GateLimits>;
  readonly timers: Timers;
  readonly writer: FrameWriter;
  readonly lostError: (cause?: unknown) => Error;
  /** The codes that the peer may raise here. */
  readonly remoteErrors: ReadonlySet<ErrorCode>;
  /** 1 or 2: the parity of our ids. */
  readonly firstId: number;
  /** Where to start, for tests of the wrap-around. */
  readonly nextId?: number;
}

/** A call of ours without an answer. */
export interface PendingCall extends Dependent, Pick<OutgoingRequest, 'table' | 'index' | 'options'> {}

/**
 * A call of ours. It stays in the table until the peer answers, even when its
 * caller has been told that it was cancelled: only then is the id free again. It does not keep the payload.
 */
export class OutgoingCall implements PendingCall {
  readonly id: number;
  readonly table: number;
  readonly index: number;
  readonly options: InvokeOptions;
  readonly depth: number;
  /** Incoming calls nested in this one. */
  readonly dependents = new Dependents();
  /** The number of its CALL frame. */
  frame = 0;
  readonly #parent: ParentCall | undefined;
  readonly #owner: OutgoingCalls;
  readonly #resolve: (result: Uint8Array) => void;
  readonly #reject: (error: Error) => void;
  #timer: unknown;
  #onAbort: (() => void) | undefined;
  #settled = false;

  constructor(
    owner: OutgoingCalls,
    resolve: (result: Uint8Array) => void,
    reject: (error: Error) => void,
    { table, index, options, parent }: OutgoingRequest,
  ) {
    this.id = owner.takeId();
    this.table = table;
    this.index = index;
    this.options = options;
    this.depth = (parent?.depth ?? 0) + 1;
    this.#parent = parent;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** True when its caller no longer waits, but the peer has not answered. */
  get isAbandoned(): boolean {
    return this.#settled;
  }

  arm(timers: Timers, timeoutMs: number): void {
    const { signal } = this.options;
    if (timeoutMs > 0) this.#timer = timers.setTimeout(() => this.end(deadlinePassed(timeoutMs)), timeoutMs);
    if (signal === undefined) return;
    this.#onAbort = () => this.end(callCancelled(signal.reason));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Rejects the caller with `error`, and tells the peer that the call was cancelled. */
  end(error: Error): void {
    if (this.#settled) return;
    this.fail(error);
    this.#owner.cancelled(this);
  }

  succeed(result: Uint8Array): void {
    if (this.#settled) return;
    this.#settle();
    this.#resolve(result);
  }

  fail(error: Error): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    if (this.#timer !== undefined) this.#owner.timers.clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.options.signal?.removeEventListener('abort', this.#onAbort);
    this.#parent?.dependents.delete(this);
    this.dependents.endAll(parentOver);
  }
}

/** The table of our own calls: ids, deadlines, cancellation, results. */
export class OutgoingCalls {
  readonly timers: Timers;
  readonly #limits: Required<GateLimits>;
  readonly #writer: FrameWriter;
  readonly #lostError: (cause?: unknown) => Error;
  readonly #remoteErrors: ReadonlySet<ErrorCode>;
  readonly #firstId: number;
  #nextId: number;
  readonly #calls = new IdTable<OutgoingCall>();
  /** The number of pending calls in each table. */
  readonly #pending: [application: number, system: number] = [0, 0];
  #lost: { readonly cause: unknown } | undefined;

  constructor(options: OutgoingCallsOptions) {
    const { limits, timers, writer, lostError, firstId } = options;
    this.#limits = limits;
    this.timers = timers;
    this.#writer = writer;
    this.#lostError = lostError;
    this.#remoteErrors = options.remoteErrors;
    this.#firstId = firstId;
    this.#nextId = options.nextId ?? firstId;
  }

  pending(): readonly PendingCall[] {
    return this.#calls.values();
  }

  /** The call with this id, unless the peer has answered it. */
  get(id: number): OutgoingCall | undefined {
    return this.#calls.get(id);
  }

  invoke(request: OutgoingRequest): Promise<Uint8Array> {
    if (this.#lost !== undefined) return Promise.reject(this.#lostError(this.#lost.cause));
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const { table, index, payload, options, parent } = request;
      const call = new OutgoingCall(this, resolve, reject, request);
      const timeoutMs = Math.ceil(options.timeoutMs ?? 0);
      this.#calls.add(call.id, call);
      this.#pending[table === 0 ? 0 : 1]++;
      parent?.dependents.add(call);
      call.arm(this.timers, timeoutMs);
      call.frame = this.#writer.send({
        kind: FrameKind.CALL,
        table,
        functionIndex: index,
        callId: call.id,
        parentCallId: parent?.id ?? 0,
        timeoutMs,
        payload,
      });
    });
  }

  /** @throws GATE_PROTOCOL_VIOLATION for an id that is not pending, or a result that is too large. */
  checkResult(id: number, resultBytes: number): void {
    const { options } = this.#awaited(id);
    const maxResultBytes = options.maxResultBytes ?? this.#limits.maxFrameBytes - FRAME_HEADER_BYTES;
    if (resultBytes <= maxResultBytes) return;
    throw protocolViolation(`a result of ${resultBytes} bytes, at most ${maxResultBytes} were asked for`);
  }

  /**
   * A result has already been checked by `checkResult`.
   * @throws GATE_PROTOCOL_VIOLATION for an id that is not pending, or a malformed error.
   */
  answered(frame: Frame): void {
    const call = this.#awaited(frame.callId);
    const error = frame.kind === FrameKind.THROW ? decodeThrow(frame.payload, this.#remoteErrors) : undefined;
    this.#calls.delete(call.id);
    this.#pending[call.table === 0 ? 0 : 1]--;
    if (error === undefined) call.succeed(frame.payload);
    else call.fail(error);
  }

  cancelled(call: OutgoingCall): void {
    this.#writer.send(simpleFrame(FrameKind.CANCEL, call.id));
  }

  /** Rejects every call, and every later one, with `lostError(cause)`. */
  lose(cause: unknown): void {
    this.#lost = { cause };
    for (const call of this.#calls.values()) {
      this.#calls.delete(call.id);
      call.dependents.clear();
      if (!call.isAbandoned) call.fail(this.#lostError(cause));
    }
  }

  #awaited(id: number): OutgoingCall {
    const call = this.#calls.get(id);
    if (call === undefined) throw protocolViolation('an answer to a call that was not made');
    // Otherwise a peer that guesses calls, and reads nothing, would let them pile up.
    if (!this.#writer.hasTaken(call.frame)) throw protocolViolation('an answer to a call that it cannot have read');
    return call;
  }

  #refusal({ table, index, payload, options, parent }: OutgoingRequest): Error | undefined {
    const fault = argumentFault(table, index, payload) ?? optionsFault(options);
    if (fault !== undefined) return new EnclosError('GATE_INVALID_ARGUMENT', fault);
    if (options.signal?.aborted === true) return callCancelled(options.signal.reason);
    if (options.timeoutMs !== undefined && options.timeoutMs <= 0) return deadlinePassed(0);
    if (parent !== undefined && !parent.isOpen) return parentOver();
    if (parent !== undefined && parent.depth >= this.#limits.maxDepth) return depthExceeded(this.#limits.maxDepth);
    if (payload.length > this.#limits.maxFrameBytes - FRAME_HEADER_BYTES) return payloadTooLarge(payload, this.#limits);
    const { maxPendingCalls, maxPendingSystemCalls } = this.#limits;
    const [pending, most] =
      table === 0 ? [this.#pending[0], maxPendingCalls] : [this.#pending[1], maxPendingSystemCalls];
    if (pending < most) return undefined;
    return new EnclosError('GATE_BUSY', `${pending} calls are waiting for the peer, no more are allowed.`);
  }

  /** Ids in use are skipped: after 2^31 calls the numbers repeat. */
  takeId(): number {
    for (;;) {
      const id = this.#nextId;
      this.#nextId = id + 2 > 0xffff_ffff ? this.#firstId : id + 2;
      if (this.#calls.get(id) === undefined) return id;
    }
  }
}

function payloadTooLarge(payload: Uint8Array, { maxFrameBytes }: GateLimits): Error {
  const maxBytes = maxFrameBytes - FRAME_HEADER_BYTES;
  return new EnclosError(
    'GATE_FRAME_TOO_LARGE',
    `The arguments take ${payload.length} bytes, and at most ${maxBytes} fit (limits.maxFrameBytes).`,
  );
}

function argumentFault(table: number, index: number, payload: Uint8Array): string | undefined {
  if (table !== 0 && table !== 1) return 'The function table is neither 0 nor 1.';
  if (!Number.isInteger(index) || index < 0 || index > 0xffff) {
    return 'The function index is not an integer from 0 to 65535.';
  }
  return payload instanceof Uint8Array ? undefined : 'The payload is not a Uint8Array.';
}

function optionsFault({ timeoutMs, maxResultBytes }: InvokeOptions): string | undefined {
  // Written so that NaN is refused too.
  if (timeoutMs !== undefined && !(timeoutMs <= MAX_TIMEOUT_MS)) return `timeoutMs is more than ${MAX_TIMEOUT_MS}.`;
  if (maxResultBytes === undefined || (Number.isInteger(maxResultBytes) && maxResultBytes >= 0)) return undefined;
  return 'maxResultBytes is not a whole number.';
}

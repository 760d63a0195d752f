import { Dependents, type Dependent, type ParentCall } from './call-link.ts';
import type { Frame } from './frame/frames.ts';
import type { InvokeOptions, OutgoingCall, OutgoingRequest } from './outgoing-calls.ts';

/** A call of the peer, as its handler sees it. */
export interface IncomingCall {
  /** 0: application functions, 1: system functions. */
  readonly table: number;
  readonly index: number;
  /**
   * Encoded arguments. The handler takes over 256 KiB or more; fewer bytes are lent, in memory that no other code changes until
   * the handler has returned its result or a promise.
   */
  readonly payload: Uint8Array;
  /**
   * Aborts when the caller cancels, its deadline passes, the call that this one
   * is nested in ends, or the gate closes. Then the caller already has its answer; the slot stays taken until the handler
   * settles.
   */
  readonly signal: AbortSignal;
  /** 1 for a call that is not nested. */
  readonly depth: number;
  /** The `tag` of our call in which, according to the peer, this one is nested; undefined outside any. */
  readonly parentTag: unknown;
  /**
   * Calls the peer as part of this call, under its slot. Rejects with GATE_CANCELLED when this call ends first, or has already
   * ended.
   */
  readonly invoke: (table: number, index: number, payload: Uint8Array, options?: InvokeOptions) => Promise<Uint8Array>;
}

/** The states of a call, in order. */
export type CallState = 'queued' | 'running' | 'answered';

export interface CallOwner {
  /** Makes a call to the peer. */
  invoke(request: OutgoingRequest): Promise<Uint8Array>;
  /** Answers `call` with an error before its handler does. */
  abort(call: RunningCall, error: Error): void;
}

/** A call of the peer as the gate knows it, and as its handler sees it: one object, because one is made for each call. */
export class RunningCall implements IncomingCall, Dependent, ParentCall {
  readonly id: number;
  readonly table: number;
  readonly index: number;
  payload: Uint8Array;
  readonly depth: number;
  /** The call of ours that this one is nested in. */
  readonly parent: OutgoingCall | undefined;
  /** Calls of ours that are nested in this one. */
  readonly dependents = new Dependents();
  state: CallState = 'queued';
  timer: unknown;
  /** Links of the queue that the call is in. */
  previous: RunningCall | undefined;
  next: RunningCall | undefined;
  readonly #owner: CallOwner;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;

  constructor(owner: CallOwner, frame: Frame, parent: OutgoingCall | undefined) {
    this.id = frame.callId;
    this.table = frame.table;
    this.index = frame.functionIndex;
    this.payload = frame.payload;
    this.depth = (parent?.depth ?? 0) + 1;
    this.parent = parent;
    this.#owner = owner;
  }

  get isOpen(): boolean {
    return this.state !== 'answered';
  }

  /** Made on first use: most handlers never use it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /** A bound function, so that handlers may destructure the call. */
  get invoke(): IncomingCall['invoke'] {
    return (table, index, payload, options = {}) =>
      this.#owner.invoke({ table, index, payload, options, parent: this });
  }

  get parentTag(): unknown {
    return this.parent?.options.tag;
  }

  end(error: Error): void {
    this.#owner.abort(this, error);
  }

  /** Aborts the signal. Listeners run at once, so all bookkeeping comes before. */
  signalAbort(reason: Error): void {
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }
}

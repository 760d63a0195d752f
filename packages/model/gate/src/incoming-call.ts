import { Dependents, type Dependent, type ParentCall } from './call-link.ts';
import type { Frame } from './frame/frames.ts';
import type { InvokeOptions, OutgoingCall, OutgoingRequest } from './outgoing-calls.ts';

/** A call of the peer, as its handler sees it. */
export interface IncomingCall {
  /** 0: application functions, 1: system functions. */
  readonly table: number;
  readonly index: number;
  /** Encoded arguments, in their own memory that no other code can change. */
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

/** The other half of an incoming call: what the gate knows about it. */
export class RunningCall implements Dependent, ParentCall {
  readonly id: number;
  readonly depth: number;
  /** The call of ours that this one is nested in. */
  readonly parent: OutgoingCall | undefined;
  /** Calls of ours that are nested in this one. */
  readonly dependents = new Dependents();
  readonly view: IncomingCall;
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
    this.depth = (parent?.depth ?? 0) + 1;
    this.parent = parent;
    this.#owner = owner;
    this.view = new CallView(this, frame);
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

  end(error: Error): void {
    this.#owner.abort(this, error);
  }

  invoke(request: OutgoingRequest): Promise<Uint8Array> {
    return this.#owner.invoke(request);
  }

  /** Aborts the signal. Listeners run at once, so all bookkeeping comes before. */
  signalAbort(reason: Error): void {
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }
}

class CallView implements IncomingCall {
  readonly table: number;
  readonly index: number;
  readonly payload: Uint8Array;
  readonly depth: number;
  readonly #call: RunningCall;

  constructor(call: RunningCall, frame: Frame) {
    this.table = frame.table;
    this.index = frame.functionIndex;
    this.payload = frame.payload;
    this.depth = call.depth;
    this.#call = call;
  }

  /** A bound function, so that handlers may destructure the call. */
  get invoke(): IncomingCall['invoke'] {
    const call = this.#call;
    return (table, index, payload, options = {}) => call.invoke({ table, index, payload, options, parent: call });
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get parentTag(): unknown {
    return this.#call.parent?.request.options.tag;
  }
}

import type { RunningCall } from './incoming-call.ts';

/**
 * First in, first out, with removal from the middle in constant time: a peer
 * that calls and cancels in turn must leave nothing behind.
 */
export class CallQueue {
  #first: RunningCall | undefined;
  #last: RunningCall | undefined;

  push(call: RunningCall): void {
    call.previous = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.next = call;
    this.#last = call;
  }

  shift(): RunningCall | undefined {
    const call = this.#first;
    if (call !== undefined) this.remove(call);
    return call;
  }

  /** Removes a call that is in this queue. */
  remove(call: RunningCall): void {
    const { previous, next } = call;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    call.previous = undefined;
    call.next = undefined;
  }
}

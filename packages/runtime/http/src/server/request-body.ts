import { misused } from '../errors.ts';
import type { BodyTaker } from './body-taker.ts';

interface Waiting {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const done: IteratorResult<Uint8Array, undefined> = Object.freeze({ done: true, value: undefined });

/**
 * The body of a request as its handler takes it: piece by piece, once. It buffers nothing: each piece goes to a waiting
 * handler.
 */
export class RequestBody implements AsyncIterable<Uint8Array>, BodyTaker {
  readonly #onWanted: () => void;
  #waiting: Waiting | undefined;
  #isTaken = false;
  #end: { readonly error?: Error } | undefined;

  /** @param onWanted asks for the next piece, which `add`, `finish` or `fail` delivers. */
  constructor(onWanted: () => void) {
    this.#onWanted = onWanted;
  }

  get isWanted(): boolean {
    return this.#waiting !== undefined;
  }

  /** @throws HTTP_MISUSED for a second iteration. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    if (this.#isTaken) misused('The body of a request can be read only once.');
    this.#isTaken = true;
    return { next: () => this.#next(), return: () => this.#return() };
  }

  add(bytes: Uint8Array): void {
    this.#take()?.resolve({ done: false, value: bytes });
  }

  finish(): void {
    this.#end ??= {};
    this.#take()?.resolve(done);
  }

  /** @param error is thrown from the pending read, or from the next one. */
  fail(error: Error): void {
    if (this.#end !== undefined) return;
    const waiting = this.#take();
    this.#end = waiting === undefined ? { error } : {};
    waiting?.reject(error);
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== undefined) misused('The next piece of a body is waited for already.');
      if (this.#end !== undefined) {
        const end = this.#end;
        this.#end = {};
        return end.error === undefined ? resolve(done) : reject(end.error);
      }
      this.#waiting = { resolve, reject };
      this.#onWanted();
    });
  }

  #return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#end = {};
    this.#take()?.resolve(done);
    return Promise.resolve(done);
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

import type { BodyShare } from '@enclos/bounded';
import { refuse } from '../errors.ts';
import type { BodyLength } from '../reading/body-reader.ts';
import { WholeBody } from '../reading/whole-body.ts';

/** Where the content of a request goes. */
export interface BodyTaker {
  /** More may be read from the client. */
  readonly isWanted: boolean;
  /** @throws HTTP_MESSAGE_REFUSED when it is too long. */
  add(bytes: Buffer): void;
  /** The body is complete. */
  finish(): void;
  /** The rest of it will not arrive. */
  fail(error: Error): void;
}

/** The body of a request that has none. */
export class AbsentBody implements BodyTaker {
  readonly isWanted = true;
  readonly #onWhole: (body: Buffer) => void;

  constructor(onWhole: (body: Buffer) => void) {
    this.#onWhole = onWhole;
  }

  add(): void {}

  finish(): void {
    this.#onWhole(none);
  }

  fail(): void {}
}

const none = Buffer.alloc(0);

/** A body that the handler gets whole. It keeps its room until `release`. */
export class CollectedBody implements BodyTaker {
  readonly isWanted = true;
  readonly #whole: WholeBody;
  readonly #share: BodyShare;
  readonly #onWhole: (body: Buffer) => void;

  constructor(length: BodyLength, maxBytes: number, share: BodyShare, onWhole: (body: Buffer) => void) {
    this.#whole = new WholeBody(length, maxBytes);
    this.#share = share;
    this.#onWhole = onWhole;
  }

  add(bytes: Buffer): void {
    if (!this.#share.take(bytes.length)) refuse(503, 'The bodies of all requests take too much memory.');
    this.#whole.add(bytes);
  }

  finish(): void {
    this.#share.complete();
    this.#onWhole(this.#whole.take());
  }

  fail(): void {
    this.#whole.take();
    this.#share.release();
  }
}

/** The rest of a body that the handler did not take: read up to a bound, so that the next request can follow. */
export class DiscardedBody implements BodyTaker {
  readonly isWanted = true;
  #leftBytes: number;
  readonly #onTooMuch: () => void;

  constructor(maxBytes: number, onTooMuch: () => void) {
    this.#leftBytes = maxBytes;
    this.#onTooMuch = onTooMuch;
  }

  add(bytes: Buffer): void {
    this.#leftBytes -= bytes.length;
    if (this.#leftBytes < 0) this.#onTooMuch();
  }

  finish(): void {}

  fail(): void {}
}

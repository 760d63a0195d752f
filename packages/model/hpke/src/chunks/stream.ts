import { ByteQueue, concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { after, type Awaitable, type SealingForm } from '../engine.ts';
import { empty } from '../hpke/labels.ts';
import { tagBytes } from '../suites.ts';
import { longestHead, type ChunkFraming, type ChunkHead } from './framing.ts';

/** What seals the messages of one direction in order: a `SenderContext`, or the key of a response. */
export interface MessageSealer {
  readonly seal: (plaintext: Uint8Array, aad: Uint8Array, form: SealingForm) => Awaitable<Uint8Array>;
}

export interface MessageOpener {
  readonly open: (ciphertext: Uint8Array, aad: Uint8Array) => Awaitable<Uint8Array>;
}

/**
 * Opens a stream that arrives in pieces of any size. Await each call before the next.
 *
 * What `push` gives is authentic and in order, but only when `end` has returned is it known to be complete.
 */
export interface StreamOpener {
  /**
   * @param bytes are kept until they are read, so nothing else may write to them.
   * @returns the chunks that are now open.
   * @throws HPKE_OPEN_FAILED, HPKE_MESSAGE_INVALID, HPKE_LIMIT_EXCEEDED. Nothing is opened after an error.
   */
  readonly push: (bytes: Uint8Array) => Promise<readonly Uint8Array[]>;
  /**
   * The stream has ended.
   *
   * @returns the chunks that only the end made known.
   * @throws HPKE_TRUNCATED if it ended before its last chunk.
   */
  readonly end: () => Promise<readonly Uint8Array[]>;
  /** The last bytes, or all of them, and the end: as `push` and `end`, at once where the engine answers at once. */
  readonly finish: (bytes: Uint8Array) => Awaitable<readonly Uint8Array[]>;
}

/** Seals a stream. What `head` holds is to be sent first. */
export interface StreamSealer {
  readonly head: Uint8Array;
  /**
   * @param isFinal whether it is the last chunk. Without one, the other side takes the stream for cut off.
   * @throws HPKE_MESSAGE_INVALID for a chunk after the last, or for a second one of a protocol without chunks.
   */
  readonly seal: (chunk: Uint8Array, isFinal: boolean) => Promise<Uint8Array>;
  /** Head and one chunk, which is the last, in one array. @throws as `seal` */
  readonly sealAll: (chunk: Uint8Array) => Promise<Uint8Array>;
}

export interface StreamLimits {
  /** Bytes of the whole stream once it is open, padding included; no chunk may be larger either. */
  readonly maxBytes: number;
}

/** @param tailOf what pads a chunk of a length. */
export function streamSealer(
  sealer: MessageSealer,
  framing: ChunkFraming,
  head: Uint8Array,
  tailOf: (chunkBytes: number) => Uint8Array = () => empty,
): StreamSealer {
  let isOver = false;
  const seal = (chunk: Uint8Array, isFinal: boolean, front: Uint8Array): Awaitable<Uint8Array> => {
    if (isOver) throw new EnclosError('HPKE_MESSAGE_INVALID', 'The stream has had its last chunk.');
    isOver = isFinal || framing.finalAad === empty;
    const tail = tailOf(chunk.length);
    const chunkHead = framing.head(chunk.length + tail.length + tagBytes, isFinal);
    const room = front.length + chunkHead.length;
    return after(sealer.seal(chunk, isFinal ? (framing.finalAad ?? empty) : empty, { room, tail }), (sealed) => {
      sealed.set(front);
      sealed.set(chunkHead, front.length);
      return sealed;
    });
  };
  return Object.freeze({
    head,
    seal: async (chunk: Uint8Array, isFinal: boolean) => seal(chunk, isFinal, empty),
    sealAll: async (chunk: Uint8Array) => seal(chunk, true, head),
  });
}

/** The head of a chunk of which all is there. */
interface WholeChunk extends ChunkHead {
  readonly ciphertextBytes: number;
}

/** Opens the chunks of one framing. */
export class ChunkOpener implements StreamOpener {
  readonly #opener: MessageOpener;
  readonly #framing: ChunkFraming;
  readonly #maxBytes: number;
  readonly #queue = new ByteQueue();
  #openedBytes = 0;
  #isOver = false;
  #isBroken = false;

  constructor(opener: MessageOpener, framing: ChunkFraming, { maxBytes }: StreamLimits) {
    this.#opener = opener;
    this.#framing = framing;
    this.#maxBytes = maxBytes;
  }

  async push(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    this.#queue.push(bytes);
    return this.#openThere(false);
  }

  async end(): Promise<readonly Uint8Array[]> {
    return this.#openThere(true);
  }

  finish(bytes: Uint8Array): Awaitable<readonly Uint8Array[]> {
    this.#queue.push(bytes);
    return this.#openThere(true);
  }

  #openThere(isEnd: boolean): Awaitable<readonly Uint8Array[]> {
    if (this.#isBroken) throw new EnclosError('HPKE_OPEN_FAILED');
    const opened: Uint8Array[] = [];
    // What throws before its last line leaves it so.
    this.#isBroken = true;
    for (;;) {
      const head = this.#nextWhole(isEnd);
      if (head === undefined) break;
      const chunk = this.#openNext(head);
      if (chunk instanceof Promise) return this.#openLater(chunk, opened, isEnd);
      if (chunk !== undefined) opened.push(chunk);
    }
    this.#isBroken = false;
    return opened;
  }

  /** Chunks are opened in their order. */
  async #openLater(
    first: Promise<Uint8Array | undefined>,
    opened: Uint8Array[],
    isEnd: boolean,
  ): Promise<readonly Uint8Array[]> {
    let chunk = await first;
    for (;;) {
      if (chunk !== undefined) opened.push(chunk);
      const head = this.#nextWhole(isEnd);
      if (head === undefined) break;
      // eslint-disable-next-line no-await-in-loop
      chunk = await this.#openNext(head);
    }
    this.#isBroken = false;
    return opened;
  }

  /** The head of a chunk that is all there. Undefined: more is awaited, or the stream is over. */
  #nextWhole(isEnd: boolean): WholeChunk | undefined {
    if (this.#isOver) {
      if (this.#queue.length > 0) throw new EnclosError('HPKE_MESSAGE_INVALID', 'Bytes follow the last chunk.');
      return undefined;
    }
    const head = this.#nextHead();
    const there = this.#queue.length - (head?.headBytes ?? 0);
    if (head?.ciphertextBytes === 'rest' && isEnd) {
      // A cut in the middle of the last chunk, which has no length.
      if (there < tagBytes) throw new EnclosError('HPKE_TRUNCATED');
      return { ...head, ciphertextBytes: there };
    }
    if (head !== undefined && head.ciphertextBytes !== 'rest' && head.ciphertextBytes <= there) {
      return { ...head, ciphertextBytes: head.ciphertextBytes };
    }
    if (isEnd) {
      if (this.#framing.finalAad !== undefined || this.#queue.length > 0) throw new EnclosError('HPKE_TRUNCATED');
      this.#isOver = true;
    }
    return undefined;
  }

  /** Checks the bound of a chunk before its bytes are waited for. */
  #nextHead(): ChunkHead | undefined {
    const head = this.#framing.readHead(this.#queue.peek(longestHead));
    if (head === undefined) return undefined;
    const { ciphertextBytes, headBytes } = head;
    const bytes = ciphertextBytes === 'rest' ? this.#queue.length - headBytes : ciphertextBytes;
    if (bytes - tagBytes > this.#maxBytes - this.#openedBytes) {
      throw new EnclosError('HPKE_LIMIT_EXCEEDED', `A sealed stream has more than ${this.#maxBytes} bytes.`);
    }
    return head;
  }

  #openNext({ headBytes, isFinal, ciphertextBytes }: WholeChunk): Awaitable<Uint8Array | undefined> {
    this.#queue.skip(headBytes);
    if (ciphertextBytes === 0 && this.#framing.finalAad === undefined) return undefined;
    const ciphertext = this.#queue.take(ciphertextBytes);
    const opened = this.#opener.open(ciphertext, isFinal ? (this.#framing.finalAad ?? empty) : empty);
    return after(opened, (chunk) => {
      this.#openedBytes += chunk.length;
      this.#isOver ||= isFinal;
      return chunk;
    });
  }
}

/** A stream whose first bytes say how to open the rest. */
export class PrefixedOpener implements StreamOpener {
  readonly #queue = new ByteQueue();
  readonly #lengthOf: (front: Uint8Array) => number;
  readonly #begin: (prefix: Uint8Array) => Awaitable<StreamOpener>;
  #rest: StreamOpener | undefined;

  /**
   * @param lengthOf of the prefix, from what is there of it; it may grow as more is known.
   */
  constructor(lengthOf: (front: Uint8Array) => number, begin: (prefix: Uint8Array) => Awaitable<StreamOpener>) {
    this.#lengthOf = lengthOf;
    this.#begin = begin;
  }

  async push(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    if (this.#rest !== undefined) return this.#rest.push(bytes);
    this.#rest = await this.#begun(bytes);
    return this.#rest?.push(this.#queue.take(this.#queue.length)) ?? [];
  }

  async end(): Promise<readonly Uint8Array[]> {
    return this.finish(empty);
  }

  finish(bytes: Uint8Array): Awaitable<readonly Uint8Array[]> {
    if (this.#rest !== undefined) return this.#rest.finish(bytes);
    return after(this.#begun(bytes), (rest) => {
      if (rest === undefined) throw new EnclosError('HPKE_TRUNCATED');
      this.#rest = rest;
      return rest.finish(this.#queue.take(this.#queue.length));
    });
  }

  /** Undefined while the prefix is not all there. */
  #begun(bytes: Uint8Array): Awaitable<StreamOpener | undefined> {
    this.#queue.push(bytes);
    const length = this.#lengthOf(this.#queue.peek(longestHead));
    return this.#queue.length < length ? undefined : this.#begin(this.#queue.take(length));
  }
}

/** Opens a stream that is all there. */
export async function openWhole(opener: StreamOpener, bytes: Uint8Array): Promise<Uint8Array> {
  const [first, ...more] = await opener.finish(bytes);
  return first !== undefined && more.length === 0 ? first : concatBytes(first ?? empty, ...more);
}

import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { ByteQueue } from '../byte-queue.ts';
import type { Awaitable, SealingForm } from '../engine.ts';
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
  const seal = async (chunk: Uint8Array, isFinal: boolean, front: Uint8Array): Promise<Uint8Array> => {
    if (isOver) throw new EnclosError('HPKE_MESSAGE_INVALID', 'The stream has had its last chunk.');
    isOver = isFinal || framing.finalAad === empty;
    const tail = tailOf(chunk.length);
    const chunkHead = framing.head(chunk.length + tail.length + tagBytes, isFinal);
    const room = front.length + chunkHead.length;
    const sealed = await sealer.seal(chunk, isFinal ? (framing.finalAad ?? empty) : empty, { room, tail });
    sealed.set(front);
    sealed.set(chunkHead, front.length);
    return sealed;
  };
  return Object.freeze({
    head,
    seal: async (chunk: Uint8Array, isFinal: boolean) => seal(chunk, isFinal, empty),
    sealAll: async (chunk: Uint8Array) => seal(chunk, true, head),
  });
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
    return this.#orBreak(async () => this.#openThere());
  }

  async end(): Promise<readonly Uint8Array[]> {
    return this.#orBreak(async () => this.#openLast());
  }

  async #orBreak<T>(step: () => Promise<T>): Promise<T> {
    if (this.#isBroken) throw new EnclosError('HPKE_OPEN_FAILED');
    try {
      return await step();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  async #openThere(): Promise<readonly Uint8Array[]> {
    const opened: Uint8Array[] = [];
    for (;;) {
      if (this.#isOver) {
        if (this.#queue.length > 0) throw new EnclosError('HPKE_MESSAGE_INVALID', 'Bytes follow the last chunk.');
        return opened;
      }
      const head = this.#nextHead();
      if (head === undefined || head.ciphertextBytes === 'rest') return opened;
      if (this.#queue.length < head.headBytes + head.ciphertextBytes) return opened;
      // Chunks are opened in their order.
      // eslint-disable-next-line no-await-in-loop
      const chunk = await this.#openNext(head, head.ciphertextBytes);
      if (chunk !== undefined) opened.push(chunk);
    }
  }

  async #openLast(): Promise<readonly Uint8Array[]> {
    if (this.#isOver) return [];
    const head = this.#nextHead();
    if (head?.ciphertextBytes === 'rest') {
      const ciphertextBytes = this.#queue.length - head.headBytes;
      // A cut in the middle of the last chunk, which has no length.
      if (ciphertextBytes < tagBytes) throw new EnclosError('HPKE_TRUNCATED');
      const chunk = await this.#openNext(head, ciphertextBytes);
      return chunk === undefined ? [] : [chunk];
    }
    if (this.#framing.finalAad !== undefined || this.#queue.length > 0) throw new EnclosError('HPKE_TRUNCATED');
    this.#isOver = true;
    return [];
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

  async #openNext({ headBytes, isFinal }: ChunkHead, ciphertextBytes: number): Promise<Uint8Array | undefined> {
    this.#queue.take(headBytes);
    if (ciphertextBytes === 0 && this.#framing.finalAad === undefined) return undefined;
    const ciphertext = this.#queue.take(ciphertextBytes);
    const chunk = await this.#opener.open(ciphertext, isFinal ? (this.#framing.finalAad ?? empty) : empty);
    this.#openedBytes += chunk.length;
    this.#isOver ||= isFinal;
    return chunk;
  }
}

/** A stream whose first bytes say how to open the rest. */
export class PrefixedOpener implements StreamOpener {
  readonly #queue = new ByteQueue();
  readonly #lengthOf: (front: Uint8Array) => number;
  readonly #begin: (prefix: Uint8Array) => Promise<StreamOpener>;
  #rest: StreamOpener | undefined;

  /**
   * @param lengthOf of the prefix, from what is there of it; it may grow as more is known.
   */
  constructor(lengthOf: (front: Uint8Array) => number, begin: (prefix: Uint8Array) => Promise<StreamOpener>) {
    this.#lengthOf = lengthOf;
    this.#begin = begin;
  }

  async push(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    if (this.#rest !== undefined) return this.#rest.push(bytes);
    this.#queue.push(bytes);
    const length = this.#lengthOf(this.#queue.peek(longestHead));
    if (this.#queue.length < length) return [];
    this.#rest = await this.#begin(this.#queue.take(length));
    return this.#rest.push(this.#queue.take(this.#queue.length));
  }

  async end(): Promise<readonly Uint8Array[]> {
    if (this.#rest === undefined) throw new EnclosError('HPKE_TRUNCATED');
    return this.#rest.end();
  }
}

/** Opens a stream that is all there. */
export async function openWhole(opener: StreamOpener, bytes: Uint8Array): Promise<Uint8Array> {
  const chunks = [...(await opener.push(bytes)), ...(await opener.end())];
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : concatBytes(...chunks);
}

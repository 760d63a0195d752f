import { EnclosError } from '@enclos/errors';

/** A message: a header of a fixed length that says how long the body is. See {@link MessageReader} for how long both are valid. */
export interface Message {
  readonly header: DataView;
  readonly body: Uint8Array;
}

export interface MessageForm {
  readonly headerBytes: number;
  /** Where the header holds the length of the body, a u32. */
  readonly lengthAt: number;
  /** The longest body that is accepted at this moment. */
  readonly maxBodyBytes: () => number;
}

type Accept = (message: Message, isOfChunk: boolean) => void;

const nothing = new Uint8Array(0);
/** For less, a separate read is not worth it. */
const LARGE_BYTES = 65_536;

/**
 * Cuts a stream into messages. A message that a chunk holds whole is not copied; of any other, one copy is held, and memory for it
 * is taken only when its header has been accepted.
 *
 * `header`, and a `body` that is a part of the chunk, share its memory: use or copy them before the chunk is used again. Any other body
 * has its own memory.
 */
export class MessageReader {
  readonly #form: MessageForm;
  #head = nothing;
  #headFilled = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;

  constructor(form: MessageForm) {
    this.#form = form;
  }

  /**
   * Where the next bytes of the stream may be read to, so that a large body is not copied: the chunk that is pushed next may be the
   * beginning of this. Undefined when little is missing.
   */
  get room(): Uint8Array | undefined {
    const left = (this.#body?.length ?? 0) - this.#bodyFilled;
    return left >= LARGE_BYTES ? this.#body?.subarray(this.#bodyFilled) : undefined;
  }

  /** True between messages: the stream may end here. */
  get isBetween(): boolean {
    return this.#headFilled === 0;
  }

  /**
   * Calls `accept` once for each message that `chunk` completes, and says whether its body is a part of the chunk.
   * @throws SGX_WIRE_INVALID for a body that is longer than allowed
   */
  push(chunk: Uint8Array, accept: Accept): void {
    let at = 0;
    while (at < chunk.length) at = this.#next(chunk, at, accept);
  }

  /** @returns where the next message begins */
  #next(chunk: Uint8Array, at: number, accept: Accept): number {
    const { headerBytes } = this.#form;
    if (this.#headFilled === 0 && chunk.length - at >= headerBytes) {
      const header = viewOf(chunk, at, headerBytes);
      const end = at + headerBytes + this.#bodyBytes(header);
      if (end <= chunk.length) {
        accept({ header, body: chunk.subarray(at + headerBytes, end) }, true);
        return end;
      }
    }
    return this.#gather(chunk, at, accept);
  }

  #gather(chunk: Uint8Array, start: number, accept: Accept): number {
    const { headerBytes } = this.#form;
    let at = start;
    if (this.#body === undefined) {
      if (this.#headFilled === 0) this.#head = new Uint8Array(headerBytes);
      const piece = chunk.subarray(at, at + headerBytes - this.#headFilled);
      this.#head.set(piece, this.#headFilled);
      this.#headFilled += piece.length;
      at += piece.length;
      if (this.#headFilled < headerBytes) return at;
      this.#body = unwritten(this.#bodyBytes(viewOf(this.#head, 0, headerBytes)));
      this.#bodyFilled = 0;
    }
    const piece = chunk.subarray(at, at + this.#body.length - this.#bodyFilled);
    const isThere = piece.buffer === this.#body.buffer && piece.byteOffset === this.#body.byteOffset + this.#bodyFilled;
    if (!isThere) this.#body.set(piece, this.#bodyFilled);
    this.#bodyFilled += piece.length;
    at += piece.length;
    if (this.#bodyFilled === this.#body.length) {
      const message = { header: viewOf(this.#head, 0, headerBytes), body: this.#body };
      this.#headFilled = 0;
      this.#body = undefined;
      accept(message, false);
    }
    return at;
  }

  #bodyBytes(header: DataView): number {
    const bytes = header.getUint32(this.#form.lengthAt, true);
    const max = this.#form.maxBodyBytes();
    if (bytes > max) refuse(`a message has ${bytes} bytes, more than the ${max} that are expected.`);
    return bytes;
  }
}

/** Memory whose every byte is written before anything reads it: zeros first would cost as much again. */
function unwritten(bytes: number): Uint8Array {
  // With its own memory, and none of the pool's.
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

function viewOf(bytes: Uint8Array, at: number, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, length);
}

export function refuse(reason: string): never {
  throw new EnclosError('SGX_WIRE_INVALID', `SGX process: ${reason}`);
}

/** Refuses a header whose bytes from `from` to its end, or to `to`, are not all zero. */
export function requireZeros(header: DataView, from: number, to: number = header.byteLength): void {
  for (let at = from; at < to; at += 4) {
    if (header.getUint32(at, true) !== 0) refuse(`the reserved bytes at ${at} of a header are not zero.`);
  }
}

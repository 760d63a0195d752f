import { concatBytes } from '@enclos/codec';
import { decodeHeader, decodePayload, headerBytes, type Header, type Message, type MessageKind } from './messages.ts';

/**
 * When pieces are put together before their frame is whole: a peer that sends single bytes must not cost an object for
 * each. The longer what is there already, the more pieces it takes, so that a frame is copied a bounded number of times.
 */
const pieces = { least: 256, bytesForOneMore: 64 };

/**
 * Takes frames off a stream of bytes. A header is judged as soon as it is
 * there, so no more is kept than a frame of its kind may have, and what came
 * together with it.
 */
export class FrameReader {
  #bytes: Uint8Array = new Uint8Array();
  #chunks: Uint8Array[] = [];
  #length = 0;
  #header: Header | undefined;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#chunks.length >= pieces.least + this.#bytes.length / pieces.bytesForOneMore) this.#joined();
  }

  /** What came and was not taken. */
  get rest(): Uint8Array {
    return this.#joined();
  }

  /**
   * The next message, or undefined while it is not whole.
   * @param judge may throw at a kind that is not wanted now, before its payload is waited for.
   * @throws a CODEC error, and what `judge` throws.
   */
  next(judge: (kind: MessageKind) => void = () => undefined): Message | undefined {
    if (this.#length < headerBytes) return undefined;
    // Once for each frame: a frame that comes in small pieces must not be put together anew for each of them.
    if (this.#header === undefined) {
      this.#header = decodeHeader(this.#joined().subarray(0, headerBytes));
      judge(this.#header.kind);
    }
    const { kind, payloadBytes } = this.#header;
    const end = headerBytes + payloadBytes;
    if (this.#length < end) return undefined;
    const bytes = this.#joined();
    const message = decodePayload(kind, bytes.subarray(headerBytes, end));
    this.#bytes = bytes.subarray(end);
    this.#length = this.#bytes.length;
    this.#header = undefined;
    return message;
  }

  #joined(): Uint8Array {
    if (this.#chunks.length > 0) {
      this.#bytes = concatBytes(this.#bytes, ...this.#chunks);
      this.#chunks = [];
    }
    return this.#bytes;
  }
}

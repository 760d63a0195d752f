import { decodePassageNotice, PASSAGE_NOTICE_BYTES, type PassageNotice } from '@enclos/tee/passage';

/** Finds the notices of an enclave in bytes that come in pieces of any length. */
export class NoticeReader {
  readonly #take: (notice: PassageNotice) => void;
  /** The beginning of a notice whose end has not come. */
  readonly #part = new Uint8Array(PASSAGE_NOTICE_BYTES);
  #partBytes = 0;

  constructor(take: (notice: PassageNotice) => void) {
    this.#take = take;
  }

  /** @throws GATE_PROTOCOL_VIOLATION, and what `take` throws. Nothing can be read after that. */
  read(bytes: Uint8Array): void {
    let offset = 0;
    if (this.#partBytes > 0) {
      offset = Math.min(bytes.length, PASSAGE_NOTICE_BYTES - this.#partBytes);
      this.#part.set(bytes.subarray(0, offset), this.#partBytes);
      this.#partBytes += offset;
      if (this.#partBytes < PASSAGE_NOTICE_BYTES) return;
      this.#partBytes = 0;
      this.#take(decodePassageNotice(this.#part));
    }
    for (; bytes.length - offset >= PASSAGE_NOTICE_BYTES; offset += PASSAGE_NOTICE_BYTES) {
      this.#take(decodePassageNotice(bytes.subarray(offset, offset + PASSAGE_NOTICE_BYTES)));
    }
    this.#part.set(bytes.subarray(offset));
    this.#partBytes = bytes.length - offset;
  }
}

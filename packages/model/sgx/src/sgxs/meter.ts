import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE, PageFlags } from '../constants.ts';
import type { IncrementalHash } from './measure.ts';
import type { EnclaveGeometry } from './read.ts';
import { HEADER_BYTES, MAX_RECORD_BYTES, PAGE_RECORD_BYTES } from './record.ts';
import { refuse, SgxsRules } from './rules.ts';

/** What passed through a meter. */
export interface MeteredStream {
  readonly geometry: EnclaveGeometry;
  readonly streamBytes: number;
  /** TCS pages: threads that can be inside at once. */
  readonly threads: number;
  /** MRENCLAVE, 32 bytes. */
  readonly mrEnclave: Uint8Array;
}

/**
 * Checks and measures a stream of profile `any` while it passes, and keeps none of it: whatever the size of the image, a few
 * numbers, and no object for each record. After an error it refuses everything.
 *
 * @example
 * ```ts
 * const meter = new SgxsMeter(createHash('sha256'), 1n << 34n);
 * for (const piece of pieces) meter.push(piece);
 * const { mrEnclave } = meter.finish();
 * ```
 */
export class SgxsMeter {
  readonly #rules = new SgxsRules('any');
  readonly #hash: IncrementalHash;
  readonly #enclaveBytes: bigint;
  #streamBytes = 0;
  #threads = 0;
  #contentPages = 0;
  #isPageEmpty = false;
  #isRefused = false;

  /** @param enclaveBytes the size of the enclave, which ECREATE must repeat. It bounds the stream, since no page comes twice. */
  constructor(hash: IncrementalHash, enclaveBytes: bigint) {
    this.#hash = hash;
    this.#enclaveBytes = enclaveBytes;
  }

  /** How many pages got content so far, measured or not: each fills a page of memory. */
  get contentPages(): number {
    return this.#contentPages;
  }

  /** @param piece whole records. @throws SGXS_INVALID, SGXS_TOO_LARGE */
  push(piece: Uint8Array): void {
    if (this.#isRefused) refuse('the stream was refused already.');
    this.#isRefused = true;
    this.#streamBytes += piece.length;
    this.#checkSize();
    this.#measure(piece);
    this.#isRefused = false;
  }

  /** @throws SGXS_INVALID when the stream may not end here. */
  finish(): MeteredStream {
    if (this.#isRefused) refuse('the stream was refused already.');
    this.#isRefused = true;
    this.#rules.end();
    const { ssaFrameSize, sizeBytes } = this.#rules;
    return Object.freeze({
      geometry: Object.freeze({ ssaFrameSize, sizeBytes: BigInt(sizeBytes) }),
      streamBytes: this.#streamBytes,
      threads: this.#threads,
      mrEnclave: new Uint8Array(this.#hash.digest()),
    });
  }

  #checkSize(): void {
    const maxBytes = BigInt(HEADER_BYTES) + (this.#enclaveBytes / BigInt(PAGE_SIZE)) * BigInt(PAGE_RECORD_BYTES);
    if (BigInt(this.#streamBytes) <= maxBytes) return;
    throw new EnclosError('SGXS_TOO_LARGE', `The stream is longer than ${maxBytes} bytes.`);
  }

  #measure(piece: Uint8Array): void {
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    let measuredFrom = 0;
    let at = 0;
    while (at < piece.length) {
      if (piece.length - at < HEADER_BYTES) refuse('a piece ends inside a record.');
      const kind = this.#rules.accept(view, at);
      if (kind === 'eextend') {
        this.#fill();
        at += MAX_RECORD_BYTES;
      } else if (kind === 'unmeasured') {
        this.#fill();
        this.#hash.update(piece.subarray(measuredFrom, at));
        at += MAX_RECORD_BYTES;
        measuredFrom = at;
      } else {
        at += HEADER_BYTES;
        if (kind === 'ecreate') this.#checkCreated();
        else this.#addPage();
      }
    }
    if (at > piece.length) refuse('a piece ends inside a record.');
    if (at > measuredFrom) this.#hash.update(piece.subarray(measuredFrom, at));
  }

  #addPage(): void {
    this.#isPageEmpty = true;
    if (this.#rules.pageFlags === PageFlags.TCS) this.#threads += 1;
  }

  #fill(): void {
    if (this.#isPageEmpty) this.#contentPages += 1;
    this.#isPageEmpty = false;
  }

  #checkCreated(): void {
    if (BigInt(this.#rules.sizeBytes) !== this.#enclaveBytes) refuse('ECREATE has another size than was announced.');
  }
}

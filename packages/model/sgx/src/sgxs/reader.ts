import { EnclosError } from '@enclos/errors';
import { CHUNK_BYTES, HEADER_BYTES, MAX_RECORD_BYTES, recordTagAt, type RecordKind } from './record.ts';
import { refuse, SgxsRules, type SgxsProfile } from './rules.ts';

export type SgxsEvent =
  | { readonly kind: 'ecreate'; readonly ssaFrameSize: number; readonly sizeBytes: bigint }
  | { readonly kind: 'eadd'; readonly offset: bigint; readonly flags: bigint }
  /** `data` is a copy of 256 bytes. */
  | { readonly kind: 'chunk'; readonly offset: bigint; readonly measured: boolean; readonly data: Uint8Array };

export interface SgxsReaderOptions {
  readonly profile: SgxsProfile;
  /** Bound on the whole stream. */
  readonly maxBytes: number;
}

/**
 * Reads a stream piece by piece. It keeps less than one record (320 bytes)
 * between pushes, wherever the pieces are cut. After an error it refuses everything.
 */
export class SgxsReader {
  readonly #rules: SgxsRules;
  readonly #maxBytes: number;
  readonly #carry = new Uint8Array(MAX_RECORD_BYTES);
  #carried = 0;
  #seenBytes = 0;
  #failure: EnclosError | undefined;

  constructor(options: SgxsReaderOptions) {
    this.#rules = new SgxsRules(options.profile);
    this.#maxBytes = options.maxBytes;
  }

  /**
   * @returns the records that `chunk` completes.
   * @throws SGXS_INVALID for a stream outside the profile, SGXS_TOO_LARGE beyond `maxBytes`.
   */
  push(chunk: Uint8Array): SgxsEvent[] {
    return this.#guarded(() => {
      this.#seenBytes += chunk.length;
      if (this.#seenBytes > this.#maxBytes) {
        throw new EnclosError('SGXS_TOO_LARGE', `The stream is longer than ${this.#maxBytes} bytes.`);
      }
      const events: SgxsEvent[] = [];
      const view = viewOf(chunk);
      let at = this.#completeCarried(chunk, events);
      for (;;) {
        const event = this.#next(chunk, view, at);
        if (event === undefined) break;
        events.push(event);
        at += recordBytes(event);
      }
      this.#keep(chunk.subarray(at));
      return events;
    });
  }

  /** @throws SGXS_INVALID when the stream may not end here. */
  end(): void {
    this.#guarded(() => {
      if (this.#carried > 0) refuse('the stream ends inside a record.');
      this.#rules.end();
    });
  }

  /** Fills up a record begun by an earlier chunk. Returns how much of `chunk` that took. */
  #completeCarried(chunk: Uint8Array, events: SgxsEvent[]): number {
    if (this.#carried === 0) return 0;
    const before = this.#carried;
    this.#keep(chunk.subarray(0, MAX_RECORD_BYTES - before));
    const carried = this.#carry.subarray(0, this.#carried);
    const event = this.#next(carried, viewOf(carried), 0);
    if (event === undefined) return Math.min(chunk.length, MAX_RECORD_BYTES - before);
    events.push(event);
    this.#carried = 0;
    return recordBytes(event) - before;
  }

  #keep(bytes: Uint8Array): void {
    this.#carry.set(bytes, this.#carried);
    this.#carried += bytes.length;
  }

  /** The record at `at`, if it is complete: the rules see each record once. */
  #next(bytes: Uint8Array, view: DataView, at: number): SgxsEvent | undefined {
    const available = bytes.length - at;
    if (available < HEADER_BYTES) return undefined;
    if (available < HEADER_BYTES + recordTagAt(view, at).dataBytes) return undefined;
    const kind = this.#rules.accept(view, at);
    return Object.freeze(this.#event(kind, bytes, at + HEADER_BYTES));
  }

  #event(kind: RecordKind, bytes: Uint8Array, dataAt: number): SgxsEvent {
    const { offset, pageFlags, sizeBytes, ssaFrameSize } = this.#rules;
    if (kind === 'ecreate') return { kind, ssaFrameSize, sizeBytes: BigInt(sizeBytes) };
    if (kind === 'eadd') return { kind, offset: BigInt(offset), flags: pageFlags };
    const data = bytes.slice(dataAt, dataAt + CHUNK_BYTES);
    return { kind: 'chunk', offset: BigInt(offset), measured: kind === 'eextend', data };
  }

  #guarded<T>(body: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return body();
    } catch (error) {
      if (error instanceof EnclosError) this.#failure = error;
      throw error;
    }
  }
}

function recordBytes(event: SgxsEvent): number {
  return event.kind === 'chunk' ? MAX_RECORD_BYTES : HEADER_BYTES;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

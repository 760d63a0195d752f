import { viewOf } from '@enclos/codec';
import {
  PAGE_SIZE,
  SGXS_CHUNK_BYTES as chunkBytes,
  SGXS_CHUNK_RECORD_BYTES as chunkRecordBytes,
  SGXS_HEADER_BYTES as headerBytes,
  SGXS_PAGE_RECORD_BYTES as pageRecordBytes,
  sgxsTags,
} from '@enclos/sgx';

import type { EnclaveImage, EnclavePage } from './image.ts';
import { recordBytes } from './pages/size.ts';

/** The most whole pages whose records have less than 1 MiB. */
const pagesAtOnce = Math.floor(2 ** 20 / pageRecordBytes);

/** As one number each: a tag is written for every 256 bytes. */
const [ecreate, eadd, eextend, unmeasured] = [
  tagOf(sgxsTags.ecreate),
  tagOf(sgxsTags.eadd),
  tagOf(sgxsTags.eextend),
  tagOf(sgxsTags.unmeasured),
];

function tagOf({ bytes }: { readonly bytes: Uint8Array }): bigint {
  return viewOf(bytes).getBigUint64(0, true);
}

/** ECREATE: the first record of a stream, 64 bytes. */
export function createRecord({
  ssaFrameSize,
  sizeBytes,
}: Pick<EnclaveImage, 'ssaFrameSize' | 'sizeBytes'>): Uint8Array {
  const view = new DataView(new ArrayBuffer(headerBytes));
  view.setBigUint64(0, ecreate, true);
  view.setUint32(8, ssaFrameSize, true);
  view.setBigUint64(12, sizeBytes, true);
  return new Uint8Array(view.buffer);
}

/** Bytes of the records of a page in a stream. */
export function recordBytesOf({ content, measured }: EnclavePage): number {
  return recordBytes(measured || content !== undefined);
}

/** Writes the records of pages one after the other. */
export class PageRecords {
  readonly #bytes = new Uint8Array(pagesAtOnce * pageRecordBytes);
  readonly #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get isFull(): boolean {
    return this.#length + pageRecordBytes > this.#bytes.length;
  }

  /** @param unmeasuredContent whether content that is not measured is written (UNMEASRD). */
  add({ offset, flags, content, measured }: EnclavePage, unmeasuredContent: boolean): void {
    const start = this.#length;
    this.#bytes.fill(0, start, start + headerBytes);
    this.#view.setBigUint64(start, eadd, true);
    this.#view.setBigUint64(start + 8, BigInt(offset), true);
    this.#view.setBigUint64(start + 16, flags, true);
    this.#length += headerBytes;
    if (!measured && (content === undefined || !unmeasuredContent)) return;
    const tag = measured ? eextend : unmeasured;
    for (let at = 0; at < PAGE_SIZE; at += chunkBytes) {
      this.#addChunk(tag, offset + at, content?.subarray(at, at + chunkBytes));
    }
  }

  #addChunk(tag: bigint, offset: number, data: Uint8Array | undefined): void {
    const start = this.#length;
    this.#bytes.fill(0, start, start + (data === undefined ? chunkRecordBytes : headerBytes));
    this.#view.setBigUint64(start, tag, true);
    this.#view.setUint32(start + 8, offset % 2 ** 32, true);
    this.#view.setUint32(start + 12, Math.floor(offset / 2 ** 32), true);
    if (data !== undefined) this.#bytes.set(data, start + headerBytes);
    this.#length += chunkRecordBytes;
  }

  /** The records since the last time. The memory is used again for those that are added next. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}

/**
 * The SGXS stream of an image: ECREATE, EADD, EEXTEND and UNMEASRD records, in pieces of at most 1 MiB that hold whole records. Pages of zeros
 * that are not measured have no data. A piece is valid until the next one is asked for, which uses its memory.
 *
 * @throws what `image.pages` throws
 */
export function* sgxsPieces(image: EnclaveImage): Generator<Uint8Array> {
  yield createRecord(image);
  const records = new PageRecords();
  for (const page of image.pages()) {
    if (records.isFull) yield records.take();
    records.add(page, true);
  }
  const last = records.take();
  if (last.length > 0) yield last;
}

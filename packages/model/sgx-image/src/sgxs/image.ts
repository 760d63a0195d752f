import type { ReadAt } from '@enclos/elf';
import {
  Attribute,
  LEGACY_XFRM,
  PAGE_SIZE,
  PageFlags,
  SGXS_CHUNK_BYTES,
  SGXS_HEADER_BYTES,
  SgxsReader,
  type SgxsEvent,
} from '@enclos/sgx';

import type { EnclaveImage, EnclavePage } from '../image.ts';
import { maxEnclaveBytes } from '../pages/size.ts';
import { recordBytesOf } from '../stream.ts';
import { refuse } from '../refusals.ts';

const pieceBytes = 256 * 1024;
const allChunks = 0xffff;

/**
 * An SGXS stream as an enclave. It is read once at once, in little memory, so that what it says is known.
 * @throws SGXS_INVALID, ENCLAVE_FILE_INVALID for pages that are measured only in part, or not in the order of their chunks.
 */
export function openSgxsImage(read: ReadAt, fileBytes: number): EnclaveImage {
  let geometry: { readonly sizeBytes: bigint; readonly ssaFrameSize: number } | undefined;
  let threads = 0;
  let streamBytes = SGXS_HEADER_BYTES;
  for (const event of pagesAndGeometry(read, fileBytes)) {
    if ('sizeBytes' in event) {
      geometry = event;
      continue;
    }
    if (event.flags === PageFlags.TCS) threads++;
    streamBytes += recordBytesOf(event);
  }
  if (geometry === undefined) return refuse('the stream is empty.');
  return Object.freeze({
    sdk: 'sgxs',
    version: undefined,
    sizeBytes: geometry.sizeBytes,
    ssaFrameSize: geometry.ssaFrameSize,
    attributes: Object.freeze({ flags: Attribute.MODE64BIT, xfrm: LEGACY_XFRM }),
    miscSelect: 0,
    signature: undefined,
    threads,
    streamBytes,
    *pages() {
      for (const event of pagesAndGeometry(read, fileBytes)) if (!('sizeBytes' in event)) yield event;
    },
  });
}

interface Draft {
  readonly offset: number;
  readonly flags: bigint;
  content: Uint8Array | undefined;
  measured: number;
}

type Geometry = Extract<SgxsEvent, { readonly kind: 'ecreate' }>;

function* pagesAndGeometry(read: ReadAt, fileBytes: number): Generator<Geometry | EnclavePage> {
  let draft: Draft | undefined;
  for (const event of eventsOf(read, fileBytes)) {
    if (event.kind === 'ecreate') {
      if (event.sizeBytes > BigInt(maxEnclaveBytes)) refuse('the enclave is larger than 128 GiB.');
      yield event;
    } else if (event.kind === 'eadd') {
      if (draft !== undefined) yield finished(draft);
      draft = { offset: Number(event.offset), flags: event.flags, content: undefined, measured: 0 };
    } else if (draft !== undefined) addChunk(draft, event);
  }
  if (draft !== undefined) yield finished(draft);
}

function* eventsOf(read: ReadAt, fileBytes: number): Generator<SgxsEvent> {
  const reader = new SgxsReader({ profile: 'any', maxBytes: fileBytes });
  for (let at = 0; at < fileBytes; at += pieceBytes) {
    const wanted = Math.min(pieceBytes, fileBytes - at);
    const piece = read(at, wanted);
    if (piece.length !== wanted) refuse('the file ends too early.');
    yield* reader.push(piece);
  }
  reader.end();
}

function addChunk(draft: Draft, { offset, measured, data }: Extract<SgxsEvent, { readonly kind: 'chunk' }>): void {
  const within = Number(offset) - draft.offset;
  const bit = 1 << (within / SGXS_CHUNK_BYTES);
  if (measured) {
    // Another order gives another MRENCLAVE, which a list of pages cannot say.
    if (bit !== draft.measured + 1) refuse('a page is not measured in the order of its chunks.');
    draft.measured |= bit;
  }
  draft.content ??= new Uint8Array(PAGE_SIZE);
  draft.content.set(data, within);
}

function finished({ offset, flags, content, measured }: Draft): EnclavePage {
  if (measured !== 0 && measured !== allChunks) refuse('a page is measured only in part.');
  return { offset, flags, content, measured: measured !== 0 };
}

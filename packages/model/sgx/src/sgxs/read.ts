import { EnclosError } from '@enclos/errors';
import { PAGE_SIZE } from '../constants.ts';
import { CHUNKS_PER_PAGE, HEADER_BYTES, MAX_RECORD_BYTES, PAGE_RECORD_BYTES } from './record.ts';
import type { SgxsProfile, SgxsRules } from './rules.ts';
import { walkSgxs } from './walk.ts';

export interface EnclaveGeometry {
  /** Pages. */
  readonly ssaFrameSize: number;
  readonly sizeBytes: bigint;
}

/** A page to put into an enclave. */
export interface PageSpec {
  /** Bytes from the start of the enclave. */
  readonly offset: bigint;
  /** SECINFO.FLAGS: see {@link PageFlags}. */
  readonly flags: bigint;
  /** 4096 bytes. */
  readonly content: Uint8Array;
}

export interface SgxsPage extends PageSpec {
  /** True when all 16 chunks are in the measurement. */
  readonly measured: boolean;
}

export interface SgxsImage {
  readonly geometry: EnclaveGeometry;
  readonly pages: readonly SgxsPage[];
}

export interface ReadSgxsOptions {
  readonly profile: SgxsProfile;
  /**
   * Bound on the content of all pages together. Default: 512 MiB. It matters in `any`, where 64 bytes of stream can stand for a
   * page of 4096.
   */
  readonly maxContentBytes?: number;
}

const defaultMaxContentBytes = 512 * 2 ** 20;

/**
 * Reads a whole stream. Contents are copies, and zero where the stream has no data; pages may share one underlying buffer.
 *
 * @throws SGXS_INVALID for a stream outside the profile.
 * @throws SGXS_TOO_LARGE when the pages hold more than `maxContentBytes`.
 */
export function readSgxs(bytes: Uint8Array, options: ReadSgxsOptions): SgxsImage {
  const maxContentBytes = options.maxContentBytes ?? defaultMaxContentBytes;
  const pages: SgxsPage[] = [];
  const read = options.profile === 'strict' ? readStrict : readAny;
  const rules = read(bytes, maxContentBytes, pages);
  const geometry = Object.freeze({ ssaFrameSize: rules.ssaFrameSize, sizeBytes: BigInt(rules.sizeBytes) });
  return Object.freeze({ geometry, pages: Object.freeze(pages) });
}

function checkContentBytes(contentBytes: number, maxContentBytes: number): void {
  if (contentBytes > maxContentBytes) {
    throw new EnclosError('SGXS_TOO_LARGE', `The pages hold more than ${maxContentBytes} bytes.`);
  }
}

/**
 * One copy of the stream, compacted in place: content offset equals enclave offset, which always lies before the records still
 * to be read. An allocation for each page would cost more than its hash.
 */
function readStrict(bytes: Uint8Array, maxContentBytes: number, pages: SgxsPage[]): SgxsRules {
  checkContentBytes(Math.floor(bytes.length / PAGE_RECORD_BYTES) * PAGE_SIZE, maxContentBytes);
  const content = new Uint8Array(bytes);
  return walkSgxs(content, 'strict', {
    page: ({ offset, pageFlags }) => {
      const pageContent = content.subarray(offset, offset + PAGE_SIZE);
      pages.push(Object.freeze({ offset: BigInt(offset), flags: pageFlags, content: pageContent, measured: true }));
    },
    chunk: (at, _measured, { offset }) => {
      content.copyWithin(offset, at + HEADER_BYTES, at + MAX_RECORD_BYTES);
    },
  });
}

function readAny(bytes: Uint8Array, maxContentBytes: number, pages: SgxsPage[]): SgxsRules {
  let contentBytes = 0;
  let draft: DraftPage | undefined;
  const finish = (): void => {
    if (draft !== undefined) pages.push(finishPage(draft));
  };
  const rules = walkSgxs(bytes, 'any', {
    page: ({ offset, pageFlags }) => {
      finish();
      contentBytes += PAGE_SIZE;
      checkContentBytes(contentBytes, maxContentBytes);
      draft = { offset, flags: pageFlags, content: new Uint8Array(PAGE_SIZE), measuredChunks: 0 };
    },
    chunk: (at, measured, { offset }) => {
      draft?.content.set(bytes.subarray(at + HEADER_BYTES, at + MAX_RECORD_BYTES), offset % PAGE_SIZE);
      if (measured && draft !== undefined) draft.measuredChunks++;
    },
  });
  finish();
  return rules;
}

interface DraftPage {
  readonly offset: number;
  readonly flags: bigint;
  readonly content: Uint8Array;
  measuredChunks: number;
}

function finishPage({ offset, flags, content, measuredChunks }: DraftPage): SgxsPage {
  return Object.freeze({ offset: BigInt(offset), flags, content, measured: measuredChunks === CHUNKS_PER_PAGE });
}

import { PAGE_SIZE } from '../constants.ts';
import {
  CHUNK_BYTES,
  HEADER_BYTES,
  isExtendOf,
  isZeroTo64,
  MAX_RECORD_BYTES,
  PAGE_RECORD_BYTES,
  recordTagAt,
  safeInteger,
} from './record.ts';
import { isPageFlags, refuse, SgxsRules } from './rules.ts';
import { geometryOf, type StrictImage } from './strict-image.ts';
import { walkSgxs } from './walk.ts';

/**
 * Reads a whole stream of the strict profile where it lies: what is read of it is copied, and nothing else.
 * @param sgxs must not change as long as the image is used
 * @throws SGXS_INVALID
 */
export function readStrictImage(sgxs: Uint8Array): StrictImage {
  walkSgxs(sgxs, 'strict', {});
  return openStrictImage(sgxs);
}

/**
 * The same without a look at what is not read: the records of each page that is, and the length of the stream, are checked. This is for a
 * host, whose platform checks and measures every record before anything runs.
 * @throws SGXS_INVALID, also when a part with a wrong record is read
 */
export function openStrictImage(sgxs: Uint8Array): StrictImage {
  const view = new DataView(sgxs.buffer, sgxs.byteOffset, sgxs.byteLength);
  const rules = new SgxsRules('strict');
  if (sgxs.length < HEADER_BYTES) refuse('the stream ends inside a record.');
  rules.accept(view, 0);
  const pages = (sgxs.length - HEADER_BYTES) / PAGE_RECORD_BYTES;
  if (!Number.isInteger(pages) || pages === 0) refuse('the stream does not consist of whole pages.');
  const contentBytes = pages * PAGE_SIZE;
  if (contentBytes > rules.sizeBytes) refuse('a page is not on a page boundary inside the enclave.');
  return Object.freeze({
    geometry: geometryOf(rules),
    contentBytes,
    read: (at: number, length: number) => gather(sgxs, view, { at, end: Math.min(at + length, contentBytes) }),
    flagsOf: (page: number) => flagsAt(view, page),
  });
}

/** After ECREATE, all pages of the strict profile are equally long. */
function recordOf(page: number): number {
  return HEADER_BYTES + page * PAGE_RECORD_BYTES;
}

/** SECINFO.FLAGS of a page (SDM vol. 3D, EADD). @throws SGXS_INVALID */
function flagsAt(view: DataView, page: number): bigint {
  const at = recordOf(page);
  const { kind, zerosFrom } = recordTagAt(view, at);
  const flags = view.getBigUint64(at + 16, true);
  const isNext = kind === 'eadd' && safeInteger(view, at + 8) === page * PAGE_SIZE;
  if (!isNext || !isPageFlags(flags, 'strict') || !isZeroTo64(view, at, zerosFrom)) {
    refuse('a page is not the next one.');
  }
  return flags;
}

/** Copies content that lies in the chunks of a stream. @throws SGXS_INVALID */
function gather(
  sgxs: Uint8Array,
  view: DataView,
  { at, end }: { readonly at: number; readonly end: number },
): Uint8Array {
  const content = new Uint8Array(Math.max(0, end - at));
  for (let from = at; from < end;) {
    const page = Math.floor(from / PAGE_SIZE);
    const within = from % CHUNK_BYTES;
    const chunk = from - within;
    if (from === at || chunk % PAGE_SIZE === 0) flagsAt(view, page);
    const record = recordOf(page) + HEADER_BYTES + ((chunk % PAGE_SIZE) / CHUNK_BYTES) * MAX_RECORD_BYTES;
    if (!isExtendOf(view, record, chunk)) refuse('chunks are not all measured and in order.');
    const to = Math.min(end, chunk + CHUNK_BYTES);
    const start = record + HEADER_BYTES + within;
    content.set(sgxs.subarray(start, start + to - from), from - at);
    from = to;
  }
  return content;
}

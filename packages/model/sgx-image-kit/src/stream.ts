import { createHash } from 'node:crypto';

/** A page of a test enclave. */
export interface KitPage {
  /** Bytes from the start of the enclave. */
  readonly offset: number;
  /** SECINFO.FLAGS. */
  readonly flags: number;
  /** Up to 4096 bytes, followed by zeros; none: zeros. */
  readonly content?: Uint8Array | undefined;
  /** Default: true. Otherwise the page is loaded and not extended. */
  readonly measured?: boolean;
}

export interface KitGeometry {
  readonly enclaveBytes: number;
  /** Pages. Default: 1. */
  readonly ssaFrameSize?: number;
}

export interface KitStream {
  /** ECREATE, EADD, EEXTEND and UNMEASRD records, in the order of the pages. */
  readonly sgxs: Uint8Array;
  readonly mrEnclave: Uint8Array;
}

const pageBytes = 4096;
const chunkBytes = 256;
const headerBytes = 64;

/** Writes pages as an SGXS stream, in their order, whatever they are: nothing is checked. */
export function writeStream(pages: Iterable<KitPage>, { enclaveBytes, ssaFrameSize = 1 }: KitGeometry): KitStream {
  const pieces: Uint8Array[] = [];
  const hash = createHash('sha256');
  const push = (piece: Uint8Array, measured: boolean): void => {
    pieces.push(piece);
    if (measured) hash.update(piece);
  };
  push(
    record('ECREATE', (view) => (view.setUint32(8, ssaFrameSize, true), setU64(view, 12, enclaveBytes))),
    true,
  );
  for (const { offset, flags, content, measured = true } of pages) {
    push(
      record('EADD', (view) => (setU64(view, 8, offset), setU64(view, 16, flags))),
      true,
    );
    const page = new Uint8Array(pageBytes);
    if (content !== undefined) page.set(content);
    if (!measured && content === undefined) continue;
    for (let at = 0; at < pageBytes; at += chunkBytes) {
      push(
        record(measured ? 'EEXTEND' : 'UNMEASRD', (view) => setU64(view, 8, offset + at)),
        measured,
      );
      push(page.subarray(at, at + chunkBytes), measured);
    }
  }
  return { sgxs: new Uint8Array(Buffer.concat(pieces)), mrEnclave: new Uint8Array(hash.digest()) };
}

function record(tag: string, fill: (view: DataView) => unknown): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  bytes.set(Buffer.from(tag, 'latin1'));
  fill(new DataView(bytes.buffer));
  return bytes;
}

function setU64(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value), true);
}

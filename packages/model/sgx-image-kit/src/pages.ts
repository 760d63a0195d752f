import type { KitPage } from './stream.ts';

export const pageBytes = 4096;
export const pageFlags = { r: 0x201, rw: 0x203, rx: 0x205, rwx: 0x207, tcs: 0x100 };

/** What a TCS says (SDM vol. 3D, 35.8): offsets from the start of the enclave, bytes. */
export interface TcsFields {
  readonly ssa: number;
  readonly ssaFrames?: number;
  readonly entry: number;
  /** FS and GS. */
  readonly segments: number;
  /** Limits of FS and GS. Default: 0xffffffff. */
  readonly limit?: number;
}

/** The 72 bytes of a TCS that are not zero. */
export function tcsBytes({ ssa, ssaFrames = 2, entry, segments, limit = 0xffff_ffff }: TcsFields): Uint8Array {
  const view = new DataView(new ArrayBuffer(72));
  view.setBigUint64(16, BigInt(ssa), true);
  view.setUint32(28, ssaFrames, true);
  view.setBigUint64(32, BigInt(entry), true);
  view.setBigUint64(48, BigInt(segments), true);
  view.setBigUint64(56, BigInt(segments), true);
  view.setUint32(64, limit, true);
  view.setUint32(68, limit, true);
  return new Uint8Array(view.buffer);
}

/** Pages from `offset`, with the content, and zeros after it. */
export function pagesOf(
  offset: number,
  count: number,
  page: { readonly flags: number; readonly content?: Uint8Array; readonly measured?: boolean },
): KitPage[] {
  const { content, ...rest } = page;
  return Array.from({ length: count }, (_, index) => ({
    ...rest,
    offset: offset + index * pageBytes,
    content: content?.subarray(index * pageBytes, (index + 1) * pageBytes),
  }));
}

export function roundUp(bytes: number, to = pageBytes): number {
  return Math.ceil(bytes / to) * to;
}

/** The smallest size that ECREATE takes for so many bytes. */
export function enclaveSizeFor(bytes: number): number {
  let size = 2 * pageBytes;
  while (size < bytes) size *= 2;
  return size;
}

import { concatBytes, utf8 } from '@enclos/codec';
import { PageFlags, writeSgxs, type PageSpec, type SgxsEvent, type SgxsProfile, SgxsReader } from '../src/index.ts';

export const REG_R = PageFlags.REG | PageFlags.R;
export const REG_RW = REG_R | PageFlags.W;

/** One record of a stream, with no rule kept. */
export function record(
  tag: string,
  fields: readonly (readonly [number, bigint, 4 | 8])[],
  data = new Uint8Array(0),
): Uint8Array {
  const header = new Uint8Array(64);
  const view = new DataView(header.buffer);
  header.set(utf8(tag.padEnd(8, '\0')));
  for (const [offset, value, size] of fields) {
    if (size === 4) view.setUint32(offset, Number(value), true);
    else view.setBigUint64(offset, value, true);
  }
  return concatBytes(header, data);
}

export const ecreate = (sizeBytes = 0x4000n, ssaFrameSize = 1): Uint8Array =>
  record('ECREATE', [
    [8, BigInt(ssaFrameSize), 4],
    [12, sizeBytes, 8],
  ]);
export const eadd = (offset: number, flags: bigint = REG_R): Uint8Array =>
  record('EADD', [
    [8, BigInt(offset), 8],
    [16, flags, 8],
  ]);
export const eextend = (offset: number, fill = 1): Uint8Array =>
  record('EEXTEND', [[8, BigInt(offset), 8]], new Uint8Array(256).fill(fill));
export const unmeasured = (offset: number, fill = 2): Uint8Array =>
  record('UNMEASRD', [[8, BigInt(offset), 8]], new Uint8Array(256).fill(fill));

/** EADD and all 16 chunks. */
export function wholePage(offset: number, fill = 1): Uint8Array {
  return concatBytes(eadd(offset), ...Array.from({ length: 16 }, (_, i) => eextend(offset + 256 * i, fill + i)));
}

export function pagesOf(count: number): PageSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: BigInt(4096 * i),
    flags: REG_R,
    content: Uint8Array.from({ length: 4096 }, (_unused, at) => (at * 7 + i) % 256),
  }));
}

export function imageOf(count: number, sizeBytes = 0x4000n): Uint8Array {
  return writeSgxs({ ssaFrameSize: 1, sizeBytes, pages: pagesOf(count) });
}

/** Feeds a stream in pieces whose lengths repeat `cuts`. */
export function streamed(bytes: Uint8Array, profile: SgxsProfile, cuts: readonly number[]): SgxsEvent[] {
  const reader = new SgxsReader({ profile, maxBytes: bytes.length });
  const events: SgxsEvent[] = [];
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const length = cuts[i % cuts.length] ?? 1;
    events.push(...reader.push(bytes.slice(at, at + length)));
    at += length;
  }
  reader.end();
  return events;
}

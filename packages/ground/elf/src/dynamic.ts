import { viewOf } from '@enclos/codec';
import { PT_DYNAMIC, type Segment } from './header.ts';
import { readExactly, type ReadAt } from './read.ts';

/** Dynamic tags (System V ABI, chapter 5). */
export const DynamicTag = Object.freeze({
  NULL: 0n,
  NEEDED: 1n,
  PLTRELSZ: 2n,
  STRTAB: 5n,
  RELA: 7n,
  RELASZ: 8n,
  STRSZ: 10n,
  TEXTREL: 22n,
  JMPREL: 23n,
} as const);

export interface DynamicEntry {
  readonly tag: bigint;
  readonly value: bigint;
}

const maxDynamicBytes = 64 * 1024;
const entryBytes = 16;

/** The entries of the dynamic section up to DT_NULL; none when the file has no such section. @throws RangeError */
export function readDynamic(read: ReadAt, segments: readonly Segment[]): readonly DynamicEntry[] {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return [];
  const table = viewOf(readExactly(read, dynamic, maxDynamicBytes));
  const entries: DynamicEntry[] = [];
  for (let at = 0; at + entryBytes <= table.byteLength; at += entryBytes) {
    const tag = table.getBigInt64(at, true);
    if (tag === DynamicTag.NULL) break;
    entries.push({ tag, value: table.getBigUint64(at + 8, true) });
  }
  return entries;
}

/** The value of the first entry with a tag. */
export function dynamicValue(entries: readonly DynamicEntry[], wanted: bigint): bigint | undefined {
  return entries.find(({ tag }) => tag === wanted)?.value;
}

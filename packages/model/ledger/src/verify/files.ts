import { parseChunkName, type ChunkName } from '../chunk/names.ts';
import type { Findings } from './report.ts';

/** A file of a ledger. */
export interface LedgerFile {
  /** Its name without its folder: `ledger_1-14.committed`. */
  readonly name: string;
  /** In bytes, for progress. */
  readonly size?: number;
  /** The content from the begin, in pieces. Each needs to hold only until the next is asked for. */
  readonly read: () => AsyncIterable<Uint8Array>;
}

export interface ChunkSource extends LedgerFile, Pick<ChunkName, 'first' | 'last' | 'committed' | 'recovery'> {}

/**
 * The chunks among files, in the order of their transactions. A node keeps a chunk in two folders at times, and an open one
 * beside the committed one: the committed one, and then the longer one, is read.
 */
export function chunksInOrder(files: readonly LedgerFile[], findings: Findings): readonly ChunkSource[] {
  const chunks: ChunkSource[] = [];
  for (const file of files) {
    const name = parseChunkName(file.name);
    if (name === undefined) {
      findings.note(`${file.name} is not named like a file of a ledger, and was not read.`);
    } else if (name.ignored) {
      findings.note(`${file.name} was put aside by the node that wrote it, and was not read.`);
    } else {
      const { first, last, committed, recovery } = name;
      chunks.push({ ...file, first, ...(last === undefined ? {} : { last }), committed, recovery });
    }
  }
  const ordered = chunks.toSorted(
    (left, right) =>
      left.first - right.first ||
      Number(right.committed) - Number(left.committed) ||
      (right.last ?? Infinity) - (left.last ?? Infinity),
  );
  return ordered.filter((chunk, index) => {
    const before = ordered[index - 1];
    const isRepeated = before?.first === chunk.first;
    if (isRepeated) findings.note(`${chunk.name} begins where ${before?.name} does, and was not read.`);
    return !isRepeated;
  });
}

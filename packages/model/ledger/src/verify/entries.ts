import { ChunkScanner } from '../chunk/scanner.ts';
import { readEntry, type LedgerEntry } from '../entry/entry.ts';
import { chunksInOrder, type LedgerFile } from './files.ts';
import { Findings } from './report.ts';

/** An entry, and where it stands. */
export interface PlacedEntry {
  readonly file: string;
  /** Bytes from the begin of the file. */
  readonly offset: number;
  /** Its bytes are a view of what was read, and hold until the next entry is taken. */
  readonly entry: LedgerEntry;
}

/**
 * The entries of a ledger, in its order. Nothing is verified.
 * @throws LEDGER_INVALID
 * @example for await (const { entry } of readLedger(files)) console.log(entry.seqno);
 */
export async function* readLedger(files: readonly LedgerFile[]): AsyncGenerator<PlacedEntry> {
  for (const { name, read } of chunksInOrder(files, new Findings())) {
    const scanner = new ChunkScanner();
    for await (const piece of read()) {
      for (const { offset, bytes } of scanner.push(piece)) yield { file: name, offset, entry: readEntry(bytes) };
    }
    scanner.finish();
  }
}

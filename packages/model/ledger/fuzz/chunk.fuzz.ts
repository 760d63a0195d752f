import { concatBytes, equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { ChunkFile, ChunkScanner, EntryEncoder, readChunk, type ChunkEnd, type ChunkEntry } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';

const key = nodeDigests.aes256Gcm(new Uint8Array(32));
const encoder = new EntryEncoder();
const entries = [1, 2].map((seqno) => encoder.encode({ type: 0, view: 2, seqno, writes: [] }, key));
const file = new ChunkFile(1);
for (const { length } of entries) file.add(length);
const { header, table } = file.complete();

export const seeds: readonly Uint8Array[] = [
  concatBytes(header, ...entries, table),
  concatBytes(ChunkFile.openHeader, ...entries),
  concatBytes(ChunkFile.openHeader, ...entries.map((entry) => entry.subarray(0, 30))),
];

type Outcome = (ChunkEnd & { readonly list: readonly ChunkEntry[] }) | undefined;

function outcome(read: () => Outcome): Outcome {
  try {
    return read();
  } catch (error) {
    if (isEnclosError(error, 'LEDGER_INVALID')) return undefined;
    throw error;
  }
}

function inPieces(data: Uint8Array): Outcome {
  const scanner = new ChunkScanner();
  const list: ChunkEntry[] = [];
  for (let at = 0; at < data.length; at += 7) list.push(...scanner.push(data.subarray(at, at + 7)));
  return { ...scanner.finish(), list };
}

/** Any bytes are a chunk, or are refused; in one piece and in many alike; a complete chunk is made again to the same bytes. */
export function fuzz(data: Uint8Array): void {
  const whole = outcome(() => readChunk(data));
  const pieces = outcome(() => inPieces(data));
  if (whole?.entries !== pieces?.entries || whole?.tornBytes !== pieces?.tornBytes) {
    throw new Error('A chunk depends on the pieces in which it comes.');
  }
  if (whole?.complete !== true) return;
  const again = new ChunkFile(1);
  for (const { bytes } of whole.list) again.add(bytes.length);
  const made = again.complete();
  if (!equalBytes(concatBytes(made.header, ...whole.list.map(({ bytes }) => bytes), made.table), data)) {
    throw new Error('A chunk has two forms.');
  }
}

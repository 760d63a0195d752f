import { equalBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  EntryEncoder,
  MerkleTree,
  publicWrites,
  readEntry,
  readSerialisedTree,
  serialiseTree,
  type MapChanges,
} from '../src/index.ts';
import { contentsOf } from '../test/contents.ts';
import { readMaps } from '../src/entry/maps.ts';
import { nodeDigests } from '../src/node/index.ts';

const key = nodeDigests.aes256Gcm(new Uint8Array(32));
const encoder = new EntryEncoder();
const digest = new Uint8Array(32);

function changes(name: string): MapChanges {
  return { name, readVersion: 0, writes: [[utf8('key'), utf8('value')]], removes: [utf8('gone')] };
}

function treeBytes(size: number, from: number): Uint8Array {
  const tree = MerkleTree.begin(nodeDigests);
  while (tree.size < size) tree.append(digest);
  return serialiseTree(tree, from);
}

export const seeds: readonly Uint8Array[] = [
  ...([0, 2, 3, 4] as const).map((type) =>
    encoder.encode(
      { type, view: 2, seqno: 9, commitEvidenceDigest: digest, writes: [changes('public:a'), changes('records')] },
      key,
    ),
  ),
  treeBytes(1, 0),
  treeBytes(20, 13),
];

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isEnclosError(error, 'LEDGER_INVALID')) return undefined;
    throw error;
  }
}

/** Any bytes are an entry, maps or a tree that comes back, or are refused. */
export function fuzz(data: Uint8Array): void {
  const entry = unlessRefused(() => readEntry(data));
  const writes = entry === undefined ? undefined : unlessRefused(() => publicWrites(entry));
  if (entry !== undefined && writes !== undefined && entry.sealed.ciphertext.length === 0) {
    const sealed = { seal: () => entry.sealed, open: () => undefined };
    const again = encoder.encode(
      contentsOf(
        entry,
        writes.filter(({ name }) => name.startsWith('public:')),
      ),
      sealed,
    );
    const isWhole = writes.every(({ name }) => name.startsWith('public:'));
    if (isWhole && !equalBytes(again, data)) throw new Error('An entry has two forms.');
  }
  unlessRefused(() => readMaps(data));
  const tree = unlessRefused(() => readSerialisedTree(nodeDigests, data));
  if (tree !== undefined && !equalBytes(serialiseTree(tree, tree.flushed), data)) {
    throw new Error('A tree has two forms.');
  }
}

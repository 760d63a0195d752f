import { concatBytes, equalBytes, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { encodeSnapshot, parseSnapshotName, readSnapshot, snapshotPublicMaps } from '../src/index.ts';
import { readSnapshotMaps } from '../src/snapshot/maps.ts';
import { nodeDigests } from '../src/node/index.ts';

const key = nodeDigests.aes256Gcm(new Uint8Array(32));
const row = { key: utf8('key'), version: -3, value: utf8('value') };
const leaf = new Uint8Array(32);

export const seeds: readonly Uint8Array[] = [
  encodeSnapshot(
    { seqno: 9, leaf, viewStarts: [1, 3], maps: [{ name: 'public:a', version: 3, rows: [row, row] }] },
    key,
  ),
  concatBytes(encodeSnapshot({ seqno: 9, leaf, viewStarts: [], maps: [] }, key), utf8('{}')),
  utf8('snapshot_99_100.committed'),
];

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isEnclosError(error, 'LEDGER_INVALID')) return undefined;
    throw error;
  }
}

/** Any bytes are a snapshot that comes back, or are refused. */
export function fuzz(data: Uint8Array): void {
  parseSnapshotName(String.fromCharCode(...data.subarray(0, 64)));
  unlessRefused(() => readSnapshotMaps(data));
  const snapshot = unlessRefused(() => readSnapshot(data));
  const maps = snapshot === undefined ? undefined : unlessRefused(() => snapshotPublicMaps(snapshot));
  if (snapshot === undefined || maps === undefined || snapshot.entry.sealed.ciphertext.length > 0) return;
  if (snapshot.entry.flags !== 0 || maps.some(({ name }) => !name.startsWith('public:'))) return;
  const again = encodeSnapshot({ ...snapshot, maps }, { seal: () => snapshot.entry.sealed, open: () => undefined });
  if (!equalBytes(again, snapshot.entry.bytes)) throw new Error('A snapshot has two forms.');
}

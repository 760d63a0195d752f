/** Ledgers of CCF as values. Runs in browsers and enclaves. */
export { ChunkFile } from './chunk/file.ts';
export { chunkName, parseChunkName, type ChunkName } from './chunk/names.ts';
export { ChunkScanner, readChunk, type ChunkEnd, type ChunkEntry, type ChunkLimits } from './chunk/scanner.ts';
export { ChunkSequence, type ChunkCut, type ChunkPlace, type ClosedChunk } from './chunk/sequence.ts';
export type { GcmKey, KeyedHash, LedgerDigests, SealedBytes } from './digests.ts';
export { commitEvidence, commitKeyOf, leafDigest, leafOf, type LeafParts } from './entry/digests.ts';
export { EntryEncoder, noClaims, type EntryContents } from './entry/encode.ts';
export {
  entryTypes,
  privateWrites,
  publicWrites,
  readEntry,
  type LedgerEntry,
  type TransactionType,
} from './entry/entry.ts';
export { entryFlags, type EntryFrame } from './entry/frame.ts';
export { ledgerErrors } from './errors.ts';
export { openBytes, sealBytes } from './secrets/gcm-bytes.ts';
export { LedgerSecret } from './secrets/ledger-secret.ts';
export { LedgerSecrets, type StoredRecord } from './secrets/ledger-secrets.ts';
export { encodeSecretRecord, readSecretRecord, type PreviousSecret, type SecretRecord } from './secrets/records.ts';
export { openShare, sealShare } from './shares/member-key.ts';
export { encodeRecoveryShares, readRecoveryShares, type RecoveryShares } from './shares/records.ts';
export { combineShares, encodeShare, makeShares, readShare, type RandomBytes, type Share } from './shares/share.ts';
export { unwrapLedgerSecret, wrapLedgerSecret } from './shares/wrapping.ts';
export type { SnapshotMap, SnapshotMapContents, SnapshotRow } from './snapshot/maps.ts';
export { parseSnapshotName, snapshotName, type SnapshotName } from './snapshot/names.ts';
export {
  encodeSnapshot,
  readSnapshot,
  snapshotPrivateMaps,
  snapshotPublicMaps,
  type Snapshot,
  type SnapshotContents,
} from './snapshot/snapshot.ts';
export { MerkleTree, type ProofStep } from './tree/merkle-tree.ts';
export { readSerialisedTree, serialiseTree } from './tree/serialised.ts';
export type { MapChanges, MapWrite, TransactionId, WriteSet } from './write-set.ts';
export {
  LedgerWriter,
  type LedgerTransaction,
  type LedgerWriterOptions,
  type WrittenEntry,
} from './writer/ledger-writer.ts';

import '../errors.ts';
export type { RecordPlace, OpenedRecord, Protection } from './protection.ts';
export { type RecordKey, recordIssuer, createRecordKey } from './record-key.ts';
export { type Sealing, type SealedProtectionOptions, sealedProtection } from './sealed-protection.ts';
export { signedProtection } from './signed-protection.ts';
export {
  type StateRecord,
  maximumAncestors,
  stateDigest,
  encodeStateRecord,
  decodeStateRecord,
  sha256,
} from './state-record.ts';
export { type StateSnapshot, type State, type StateFloor, type StateFormat, maximumDocumentBytes } from './state.ts';
export { type StateOptions, openState, StoredState } from './stored-state.ts';

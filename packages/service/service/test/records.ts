import {
  createRecordKey as createKey,
  decodeStateRecord as decode,
  openState,
  sealedProtection as sealed,
  signedProtection as signed,
  stateDigest as digest,
  type Protection,
  type RecordKey,
  type SealedProtectionOptions,
  type Sealing,
  type StateOptions,
  type StateRecord as ServiceRecord,
  type StoredState,
} from '../src/state/index.ts';
import type { AppraiseCertificate } from '../src/peers/index.ts';
import { documentFormat, emptyDocument, type TestDocument } from './document.ts';

/** Records with documents of the tests. */
export type StateRecord = ServiceRecord<TestDocument>;
export type TestState = StoredState<TestDocument>;
export type TestStateOptions = Omit<StateOptions<TestDocument>, 'format' | 'initial'> & {
  readonly initial?: TestDocument;
};

const { service } = documentFormat;

export const openTestState = (options: TestStateOptions): Promise<TestState> =>
  openState({ format: documentFormat, initial: emptyDocument, ...options });
export const decodeStateRecord = (bytes: Uint8Array): StateRecord => decode(bytes, documentFormat);
export const stateDigest = (state: Omit<StateRecord, 'issuer' | 'writer'>): string => digest(state, documentFormat);
export const sealedProtection = (sealing: Sealing, policy?: SealedProtectionOptions['policy']): Protection =>
  sealed(sealing, policy === undefined ? { service } : { service, policy });
export const signedProtection = (own: RecordKey, appraise: AppraiseCertificate): Protection =>
  signed(service, own, appraise);
export const createRecordKey = (evidence: Parameters<typeof createKey>[1]): Promise<RecordKey> =>
  createKey(service, evidence);

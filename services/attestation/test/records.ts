import {
  decodeStateRecord as decode,
  encodeStateRecord as encode,
  openState,
  sealedProtection as sealed,
  stateDigest as digest,
  type Protection,
  type SealedProtectionOptions,
  type Sealing,
  type StateOptions,
  type StateRecord as ServiceRecord,
  type StoredState,
} from '@enclos/service/state';
import { documentFormat } from '../src/document/document-codec.ts';
import { emptyDocument, type TenantDocument } from '../src/document/document.ts';

/** The records of this service: those of `@enclos/service`, with the documents of its tenants. */
export type StateRecord = ServiceRecord<TenantDocument>;
export type StoredTenantState = StoredState<TenantDocument>;
export type TenantStateOptions = Omit<StateOptions<TenantDocument>, 'format' | 'initial'> & {
  readonly initial?: TenantDocument;
};

const { service } = documentFormat;

export const openTenantState = (options: TenantStateOptions): Promise<StoredTenantState> =>
  openState({ format: documentFormat, initial: emptyDocument, ...options });
export const encodeStateRecord = (record: StateRecord): Uint8Array => encode(record, documentFormat);
export const decodeStateRecord = (bytes: Uint8Array): StateRecord => decode(bytes, documentFormat);
export const stateDigest = (state: Omit<StateRecord, 'issuer' | 'writer'>): string => digest(state, documentFormat);
export const sealedProtection = (sealing: Sealing, policy?: SealedProtectionOptions['policy']): Protection =>
  sealed(sealing, policy === undefined ? { service } : { service, policy });

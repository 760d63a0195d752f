import './errors.ts';
import '../errors.ts';
export type { SignatureAlgorithm } from '@enclos/jose';
export type {
  AttestKind,
  AttestRequest,
  DraftOutcome,
  QuoteRequest,
  ResponseExpectations,
  SnpEvidence,
  SnpRequest,
} from './attest.ts';
export type { StoredState } from './claim-rules.ts';
export { createAttestationClient, type AttestationClient } from './client.ts';
export type { ExpectationRule, TokenRule } from './errors.ts';
export type { AttestationType, BoundData, TokenExpectations } from './expectations.ts';
export type { SgxTokenFacts, SnpTokenFacts, TdxTokenFacts, TeeFacts } from './facts.ts';
export type { KeyCacheOptions } from './keys/key-source.ts';
export type { ManagementResult, StoredPolicy } from './management.ts';
export type { AttestationClientOptions, KeyOptions } from './options.ts';
export { policyHashOf, unsignedPolicy } from './policy.ts';
export type { ReleaseAlgorithm, ReleasedKey, ReleaseRequest } from './release.ts';
export type { AppraisedSigner, SigningEvidenceOptions, SigningKeyEvidence } from './keys/signing-evidence.ts';
export type { Fetch, FetchRequest } from './transport.ts';
export { isVerifiedToken, type TokenFacts, type VerifiedToken } from './token/verified-token.ts';

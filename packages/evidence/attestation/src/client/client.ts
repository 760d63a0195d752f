import { attest, tryDraft, type AttestKind, type DraftOutcome, type QuoteRequest, type SnpRequest } from './attest.ts';
import type { TokenExpectations } from './expectations.ts';
import { maximumKeySetBytes, parseKeySet } from './keys/key-set.ts';
import { KeySource } from './keys/key-source.ts';
import {
  changeCertificate,
  getPolicy,
  listCertificates,
  resetPolicy,
  setPolicy,
  type ManagementResult,
  type StoredPolicy,
} from './management.ts';
import { releaseKey, type ReleasedKey, type ReleaseRequest } from './release.ts';
import { settingsOf, type AttestationClientOptions } from './options.ts';
import { send } from './transport.ts';
import type { VerifiedToken } from './token/verified-token.ts';
import { verifyAttestationToken } from './token/verify-token.ts';

/**
 * A client of Azure Attestation, or of an Enclos service. What it returns it has
 * verified: nothing is taken from a token but what a listed key signed.
 *
 * All methods throw TOKEN_REFUSED, TOKEN_NOT_ACCEPTED, ATTESTATION_ANSWER_INVALID,
 * ATTESTATION_SERVICE_UNREACHABLE, ATTESTATION_SERVICE_FAILED,
 * ATTESTATION_SERVICE_REFUSED, and VERIFIER_MISUSED for arguments that make no sense.
 */
export interface AttestationClient {
  /** For an SGX quote. */
  attestSgxEnclave(request: QuoteRequest): Promise<VerifiedToken>;
  /** For a report of Open Enclave, which holds an SGX quote. */
  attestOpenEnclave(request: QuoteRequest): Promise<VerifiedToken>;
  /** For a TD quote. */
  attestTdxVm(request: QuoteRequest): Promise<VerifiedToken>;
  /** For a report of SEV-SNP. */
  attestSevSnpVm(request: SnpRequest): Promise<VerifiedToken>;
  /** What a draft of a policy makes of evidence: not signed, not verified, to look at only. @param draftPolicy a JWS. */
  tryDraftPolicy(kind: 'SevSnpVm', request: SnpRequest, draftPolicy: string): Promise<DraftOutcome>;
  tryDraftPolicy(kind: 'OpenEnclave' | 'SgxEnclave', request: QuoteRequest, draftPolicy: string): Promise<DraftOutcome>;
  /** For relying parties that are handed a token. */
  verifyToken(jwt: string, expected: TokenExpectations): Promise<VerifiedToken>;
  /** For an Enclos service: a secret, wrapped to the key in the runtime data of a token. Only the key's owner can open it. */
  releaseKey(request: ReleaseRequest): Promise<ReleasedKey>;
  getPolicy(kind: AttestKind): Promise<StoredPolicy>;
  /** @param jws of `unsignedPolicy`, or signed. */
  setPolicy(kind: AttestKind, jws: string): Promise<ManagementResult>;
  /** @param jws signed and empty, where policies must be signed. */
  resetPolicy(kind: AttestKind, jws?: string): Promise<ManagementResult>;
  /** The certificates that may sign policies, DER. */
  listPolicyCertificates(): Promise<readonly Uint8Array[]>;
  /** @param jws over `{"policyCertificate": JWK with x5c}`, signed by a certificate that is listed. */
  addPolicyCertificate(jws: string): Promise<ManagementResult>;
  removePolicyCertificate(jws: string): Promise<ManagementResult>;
}

/**
 * @throws VERIFIER_MISUSED for options that make no sense; ATTESTATION_ANSWER_INVALID for pinned keys that are none.
 * @example
 * ```ts
 * import { createAttestationClient, type VerifiedToken } from '@enclos/attestation/client';
 *
 * const client = createAttestationClient({ endpoint: 'https://contoso.weu.attest.azure.net' });
 *
 * export const check = (jwt: string, nonce: string): Promise<VerifiedToken> =>
 *   client.verifyToken(jwt, { attestationType: 'sgx', nonce });
 * ```
 */
export function createAttestationClient(options: AttestationClientOptions): AttestationClient {
  const settings = settingsOf(options);
  const keysCall = {
    method: 'GET',
    path: '/certs',
    accept: 'application/jwk-set+json, application/jwk+json, application/json',
    maximumBytes: maximumKeySetBytes,
  } as const;
  const fetchKeys = async () => settings.pinned ?? parseKeySet(await send(keysCall, settings));
  const keys = new KeySource(fetchKeys, settings.nowMs, settings.keys, settings.signingEvidence);
  const verifier = { settings, keys };
  return Object.freeze<AttestationClient>({
    attestSgxEnclave: (request) => attest('SgxEnclave', request, verifier),
    attestOpenEnclave: (request) => attest('OpenEnclave', request, verifier),
    attestTdxVm: (request) => attest('TdxVm', request, verifier),
    attestSevSnpVm: (request) => attest('SevSnpVm', request, verifier),
    tryDraftPolicy: (kind: AttestKind, request: QuoteRequest | SnpRequest, draftPolicy: string) =>
      tryDraft(kind, request, { draftPolicy, verifier }),
    verifyToken: (jwt, expected) => verifyAttestationToken(jwt, expected, verifier),
    releaseKey: (request) => releaseKey(request, verifier),
    getPolicy: (kind) => getPolicy(kind, verifier),
    setPolicy: (kind, jws) => setPolicy(kind, jws, verifier),
    resetPolicy: (kind, jws) => resetPolicy(kind, jws, verifier),
    listPolicyCertificates: () => listCertificates(verifier),
    addPolicyCertificate: (jws) => changeCertificate('add', jws, verifier),
    removePolicyCertificate: (jws) => changeCertificate('remove', jws, verifier),
  });
}

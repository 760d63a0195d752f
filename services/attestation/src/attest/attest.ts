import type { Tenant } from '../tenants/tenant.ts';
import type { EndorsementSource } from './endorsement-request.ts';
import type { TeeClaims } from './tee-claims.ts';

/** Data of the caller that evidence binds. */
export interface BoundData {
  readonly data: Uint8Array;
  readonly type: 'Binary' | 'JSON';
}

/** An attest request after its JSON was read. */
export interface AttestRequest {
  readonly type: 'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm';
  /** Quote, Open Enclave report, or the SNP report document, decoded from base64url. */
  readonly evidence: Uint8Array;
  readonly runtimeData?: BoundData;
  readonly initTimeData?: BoundData;
  readonly nonce?: string;
  /** Policy text for this request alone: the token is then unsigned. */
  readonly draftPolicy?: string;
}

export interface AttestResult {
  readonly token: string;
  /** For the audit log. */
  readonly facts: TeeClaims;
  /** `x-ms-policy-hash`, for the audit log. */
  readonly policyHash?: string;
}

/** What a tenant is attested with. */
export interface AttestContextOptions {
  readonly tenant: Tenant;
  readonly endorsements: EndorsementSource;
  readonly now: () => Date;
  /** Of the service: without it, a tenant with a fixed time of verification is refused. */
  readonly allowTestSettings: boolean;
}

/** What is prepared once for a tenant, and remembered between its requests. Made by `createAttestContext` of `context.ts`. */
export interface AttestContext extends AttestContextOptions {}

/**
 * From evidence to a token: `attest` of this module.
 * @throws ServiceError for everything that the caller is to be told, with the documented codes.
 */
export type Attest = (request: AttestRequest, context: AttestContext) => Promise<AttestResult>;

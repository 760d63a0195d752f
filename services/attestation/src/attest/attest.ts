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
}

/** What a tenant is attested with. */
export interface AttestationOptions {
  readonly tenant: Tenant;
  readonly endorsements: EndorsementSource;
  readonly now: () => Date;
  /** Of the service: without it, a tenant with a fixed time of verification is refused. */
  readonly allowTestSettings: boolean;
}

/**
 * From evidence to a token.
 * @throws ServiceError for everything that the caller is to be told, with the documented codes.
 */
export type Attest = (request: AttestRequest) => Promise<AttestResult>;

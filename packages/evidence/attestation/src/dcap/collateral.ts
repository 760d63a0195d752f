import type { P256Certificate } from '../x509/p256-certificate.ts';
import type { RevocationList } from '@enclos/codec/x509';
import type { EnclaveIdentity } from './tcb/enclave-identity.ts';
import type { SignedBody } from './tcb/signed-body.ts';
import type { TcbInfo } from './tcb/tcb-info.ts';

/** Characters of all the texts together; what is longer is parsed each time. */
export const maximumCachedCollateral = 1_048_576;

/** Collateral as JSON, in the shape that `dcap-qvl` calls QuoteCollateralV3. Chains may come in another order. */
export interface QuoteCollateral {
  /** PEM: PCK CA, then root. */
  readonly pck_crl_issuer_chain: string;
  /** Hex of DER. */
  readonly root_ca_crl: string;
  /** Hex of DER. */
  readonly pck_crl: string;
  /** PEM: TCB signing certificate, then root. */
  readonly tcb_info_issuer_chain: string;
  /** The signed JSON text, exactly as served. */
  readonly tcb_info: string;
  /** Hex of r then s. */
  readonly tcb_info_signature: string;
  /** PEM: TCB signing certificate, then root. */
  readonly qe_identity_issuer_chain: string;
  /** The signed JSON text, exactly as served. */
  readonly qe_identity: string;
  /** Hex of r then s. */
  readonly qe_identity_signature: string;
  /** PEM: PCK certificate, PCK CA, root. For quotes that do not carry their own chain. */
  readonly pck_certificate_chain?: string;
}

declare const endorsementsBrand: unique symbol;

/**
 * Parsed collateral. It is well-formed, but not verified yet. Made by
 * `parseCollateral` only. What is verified lies out of reach, so that no caller
 * can take a serial number off a parsed revocation list.
 */
export interface Endorsements {
  readonly [endorsementsBrand]: true;
  /** The platform family that the TCB info is for, 6 bytes of hex. */
  readonly fmspc: string;
  /** The lower one of TCB info and QE identity. */
  readonly tcbEvaluationDataNumber: number;
  /** When the first of the CRLs, the TCB info and the QE identity ends: 2025-06-19T10:56:11Z. Fetch again before. */
  readonly nextUpdate: string;
}

/** What `parseCollateral` read, for the verifier alone. */
export interface EndorsementParts {
  /** Identifies exactly these parts, so that a cache need not keep them. */
  readonly identity: object;
  readonly rootCrl: RevocationList;
  readonly pckCrl: RevocationList;
  readonly tcbInfoChain: readonly P256Certificate[];
  readonly tcbInfo: SignedBody<TcbInfo>;
  readonly qeIdentityChain: readonly P256Certificate[];
  readonly qeIdentity: SignedBody<EnclaveIdentity>;
  readonly pckChain?: readonly P256Certificate[];
}

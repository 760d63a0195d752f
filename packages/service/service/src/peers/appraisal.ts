import type { ErrorDetails } from '@enclos/errors';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';

/** A certificate whose evidence was appraised: its key was born in a replica of this service. */
export interface AppraisedCertificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** In whose name the key signs. */
  readonly issuer: string;
  /** SHA-256 of the configuration of the replica, base64url. */
  readonly configuration: string;
  /** 32 bytes of hex, as the next. */
  readonly mrEnclave: string;
  readonly mrSigner: string;
  readonly securityVersion: number;
  /** Within these the certificate says that its key is used. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * Resolves with what a certificate (DER) proves.
 * @throws SERVICE_PEER_REFUSED for one that is not a replica's; any other error for one of which nothing can be said now.
 */
export type AppraiseCertificate = (certificate: Uint8Array) => Promise<AppraisedCertificate>;

/** A quote is some 5 KiB, and our certificates hold it twice. */
export const maximumCertificateBytes = 65_536;

export type PeerRule =
  | 'size'
  | 'well-formed'
  | 'self-signed'
  | 'claims'
  | 'evidence'
  | 'policy'
  | 'key'
  | 'issuer'
  | 'configuration'
  | 'validity';

/** @throws SERVICE_PEER_REFUSED always. */
export function refusePeer(rule: PeerRule, cause?: unknown, details: ErrorDetails = {}): never {
  throw new EnclosError('SERVICE_PEER_REFUSED', undefined, { details: { ...details, rule }, cause });
}

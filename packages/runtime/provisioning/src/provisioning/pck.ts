import { X509Certificate } from 'node:crypto';
import { equalBytes, fromBase64 } from '@enclos/codec';
import { hex, integer, oneOf, readShape, string, type JsonValue } from '@enclos/codec/json';
import { EnclosError } from '@enclos/errors';
import { p256Point } from '../keys/p256.ts';
import { requireSigned } from './quoting-image.ts';

export const pckFormat = 'enclos-pck-1';

const maxPemLength = 16_384;

/** What a vendor gives an enrolled machine, as JSON: its certificate chain and the signed quoting enclave. */
export interface IssuedPck {
  readonly format: typeof pckFormat;
  /** Hex. */
  readonly cpuSvn: string;
  readonly pceSvn: number;
  /** PEM: leaf, then its issuer, then the root. */
  readonly pck: string;
  readonly platformCa: string;
  readonly root: string;
  /** base64. */
  readonly quotingImage: string;
  /** base64. */
  readonly quotingSigstruct: string;
}

const issuedShape = {
  format: oneOf(pckFormat),
  cpuSvn: hex(16),
  pceSvn: integer(0, 0xffff),
  pck: string(maxPemLength),
  platformCa: string(maxPemLength),
  root: string(maxPemLength),
  quotingImage: string(1 << 20),
  quotingSigstruct: string(4096),
};

/** @throws ENROLMENT_REFUSED when it is not the JSON that `issuePck` returns. */
export function parseIssuedPck(value: unknown): IssuedPck {
  try {
    return readShape(value as JsonValue, 'pck', issuedShape);
  } catch (cause) {
    throw new EnclosError('ENROLMENT_REFUSED', 'What was issued is malformed.', { cause });
  }
}

export interface QuotingFiles {
  readonly image: Uint8Array;
  readonly sigstruct: Uint8Array;
}

export function quotingFiles(pck: IssuedPck): QuotingFiles {
  return { image: fromBase64(pck.quotingImage), sigstruct: fromBase64(pck.quotingSigstruct) };
}

/**
 * Checks that the chain holds from the root to this machine's PCK key, and
 * that the quoting enclave is the signed one. Dates are left to the verifier.
 *
 * @throws ENROLMENT_REFUSED
 */
export function checkIssuedPck(pck: IssuedPck, publicKey: Uint8Array): void {
  try {
    const [leaf, platformCa, root] = [pck.pck, pck.platformCa, pck.root].map((pem) => new X509Certificate(pem));
    if (leaf === undefined || platformCa === undefined || root === undefined) {
      throw refused('A certificate is missing.');
    }
    requireIssued(leaf, platformCa);
    requireIssued(platformCa, root);
    requireIssued(root, root);
    if (!equalBytes(p256Point(leaf.publicKey), publicKey)) throw refused('The certificate is for another key.');
    const { image, sigstruct } = quotingFiles(pck);
    requireSigned(image, sigstruct);
  } catch (cause) {
    throw new EnclosError('ENROLMENT_REFUSED', 'What was issued is not for this machine.', { cause });
  }
}

function requireIssued(certificate: X509Certificate, issuer: X509Certificate): void {
  if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    throw refused('The certificate chain does not hold.');
  }
}

function refused(message: string): EnclosError {
  return new EnclosError('ENROLMENT_REFUSED', message);
}

import { DerReader, toHex } from '@enclos/codec';
import { ExtensionId } from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';
import type { EndorsementCertificate } from '../certificates.ts';

/** What chooses the collateral of a platform of Intel's. */
export interface PckSubject {
  /** 6 bytes of hex, lower case. */
  readonly fmspc: string;
  /** Which CA issued the PCK certificate: it has its own revocation list. */
  readonly ca: 'processor' | 'platform';
}

const sgx = ExtensionId.sgx;

/**
 * Reads the FMSPC and the CA of a PCK certificate ("Intel SGX PCK Certificate
 * and CRL Profile Specification" section 1.3.5).
 * @throws a CODEC error.
 */
export function pckSubject(pck: EndorsementCertificate, issuer: EndorsementCertificate): PckSubject {
  const extension = pck.extensions.get(sgx)?.value;
  if (extension === undefined) {
    throw new EnclosError('CODEC_INVALID', 'Not a PCK certificate: it has no SGX extension.');
  }
  for (const entries = new DerReader(extension).sequence(); !entries.done;) {
    const entry = entries.sequence();
    if (entry.objectIdentifier() !== `${sgx}.4`) continue;
    const fmspc = toHex(entry.octetString());
    if (fmspc.length === 12) return Object.freeze({ fmspc, ca: caOf(issuer) });
  }
  throw new EnclosError('CODEC_INVALID', 'Not a PCK certificate: it has no FMSPC.');
}

function caOf({ commonName }: EndorsementCertificate): PckSubject['ca'] {
  if (commonName.includes('Platform')) return 'platform';
  if (commonName.includes('Processor')) return 'processor';
  throw new EnclosError('CODEC_INVALID', 'A PCK certificate of neither the Processor CA nor the Platform CA.');
}

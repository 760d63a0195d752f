import { derInteger, derOid, derSequence, derTime, derValue } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { toPem } from '@enclos/codec/pem';
import { readCertificateShape } from '@enclos/codec/x509';

export function amdPem(der: Uint8Array): string {
  return toPem('CERTIFICATE', der);
}

/** A revocation list in the name of an ARK. Nobody signed it, which is for a verifier to find out. */
export function amdCrl(ark: Uint8Array, thisUpdate: Date, nextUpdate: Date): Uint8Array {
  const algorithm = derSequence(derOid('1.2.840.113549.1.1.10'));
  const name = readCertificateShape(ark).subject;
  const content = derSequence(derInteger(1), algorithm, name, derTime(thisUpdate), derTime(nextUpdate));
  return derSequence(content, algorithm, derValue(0x03, Uint8Array.of(0, 1, 2, 3)));
}

export const milan = {
  leaf: () => vectors.read('snp/attestation-rs/test-vcek.der'),
  ask: () => vectors.read('snp/attestation-rs/certs/milan/ask.der'),
  ark: () => vectors.read('snp/attestation-rs/certs/milan/ark.der'),
  report: () => vectors.read('snp/attestation-rs/test-report.bin'),
};

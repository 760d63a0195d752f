import { derInteger, derOid, derSequence, derTime, derValue } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import { readCertificate } from '../src/x509.ts';

export function amdPem(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** A revocation list in the name of an ARK. Nobody signed it, which is for a verifier to find out. */
export function amdCrl(ark: Uint8Array, thisUpdate: Date, nextUpdate: Date): Uint8Array {
  const algorithm = derSequence(derOid('1.2.840.113549.1.1.10'));
  const name = Buffer.from(readCertificate(ark).subject, 'hex');
  const content = derSequence(derInteger(1), algorithm, new Uint8Array(name), derTime(thisUpdate), derTime(nextUpdate));
  return derSequence(content, algorithm, derValue(0x03, Uint8Array.of(0, 1, 2, 3)));
}

export const milan = {
  leaf: () => vectors.read('snp/attestation-rs/test-vcek.der'),
  ask: () => vectors.read('snp/attestation-rs/certs/milan/ask.der'),
  ark: () => vectors.read('snp/attestation-rs/certs/milan/ark.der'),
  report: () => vectors.read('snp/attestation-rs/test-report.bin'),
};

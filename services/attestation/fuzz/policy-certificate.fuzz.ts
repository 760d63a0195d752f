import { isEnclosError } from '@enclos/errors';
import { readPolicyCertificate } from '../src/certificates/policy-certificate.ts';
import { ecKey, makeCertificate, rsaKey } from '../test/certificates.ts';

const root = makeCertificate({ key: ecKey(), name: 'root', ca: true, pathLength: 1, usage: 0x04 });

export const seeds: readonly Uint8Array[] = [
  root.der,
  makeCertificate({ key: ecKey('P-384'), name: 'leaf', issuer: root, usage: 0x80 }).der,
  makeCertificate({ key: rsaKey(), name: 'rsa', critical: ['2.5.29.17'] }).der,
];

/** A certificate as a manager sends it: read, with a key that OpenSSL knows too, or refused. */
export function fuzz(data: Uint8Array): void {
  try {
    const certificate = readPolicyCertificate(data);
    if (certificate.key.key.type !== 'public') throw new Error('No public key.');
    // Asked both ways, since names and signature are OpenSSL's to compare.
    certificate.issued(certificate);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}

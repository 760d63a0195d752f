import { parseRevocationList } from '@enclos/codec/x509';
import { isEnclosError } from '@enclos/errors';
import { amdSignatureForm, parseAmdCertificate } from '../src/snp/certificate.ts';
import { parseAmdExtensions } from '../src/snp/extensions.ts';
import { goodCertificates } from '../test/snp/synthetic-platform.ts';

export const seeds: readonly Uint8Array[] = Object.values(goodCertificates);

/** AMD's certificates with the extensions of both kinds of keys, and its revocation lists. */
export function fuzz(data: Uint8Array): void {
  const parsers = [
    (): unknown => parseAmdExtensions(parseAmdCertificate(data).extensions, 'VCEK'),
    (): unknown => parseAmdExtensions(parseAmdCertificate(data).extensions, 'VLEK'),
    (): unknown => parseRevocationList(data, amdSignatureForm),
  ];
  for (const parse of parsers) {
    try {
      parse();
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}

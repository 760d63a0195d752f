import { CborReader, DerReader } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { refusePeer } from './appraisal.ts';

/** What the evidence in a certificate claims beside the key. */
export interface CertificateClaims {
  readonly issuer: string;
  readonly configuration: string;
}

const taggedEvidence = '2.23.133.5.4.9';
const maximumBytes = Object.freeze({ quote: 65_536, claims: 4096, name: 64, issuer: 2048, configuration: 64 });
const maximumClaims = 16;

/**
 * Issuer and configuration in the claims of tagged evidence, whose hash `readCertificateEvidence` gives as the report data
 * that the quote must have. Only that makes them true.
 *
 * @throws ATTESTATION_PEER_REFUSED
 */
export function readCertificateClaims(certificate: Uint8Array): CertificateClaims {
  try {
    return claimsIn(extensionOf(certificate) ?? refusePeer('claims'));
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refusePeer('claims', error);
  }
}

function claimsIn(evidence: Uint8Array): CertificateClaims {
  const tagged = new CborReader(evidence);
  tagged.tag();
  tagged.array(2);
  tagged.byteString(maximumBytes.quote);
  const reader = new CborReader(tagged.byteString(maximumBytes.claims));
  const found = new Map<string, string>();
  for (let left = reader.map(maximumClaims); left > 0; left--) {
    const name = reader.text(maximumBytes.name);
    if (name === 'enclos-issuer') found.set(name, reader.text(maximumBytes.issuer));
    else if (name === 'enclos-configuration') found.set(name, reader.text(maximumBytes.configuration));
    else reader.skip();
  }
  const [issuer, configuration] = [found.get('enclos-issuer'), found.get('enclos-configuration')];
  if (issuer === undefined || configuration === undefined) return refusePeer('claims');
  return Object.freeze({ issuer, configuration });
}

function extensionOf(certificate: Uint8Array): Uint8Array | undefined {
  const fields = new DerReader(certificate).sequence().sequence();
  while (!fields.done && fields.peek() !== 0xa3) fields.element();
  const list = fields.optionalExplicit(3)?.sequence();
  while (list !== undefined && !list.done) {
    const extension = list.sequence();
    const id = extension.objectIdentifier();
    if (extension.peek() === 0x01) extension.boolean();
    if (id === taggedEvidence) return extension.octetString();
  }
  return undefined;
}

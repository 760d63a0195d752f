import { isEnclosError } from '@enclos/errors';
import { utf8 } from '../src/bytes.ts';
import { derBitString, derOid, derSequence } from '../src/der-writer.ts';
import {
  describeName,
  describeValidity,
  parseBasicConstraints,
  parseCrlDistributionPoint,
  readCertificateShape,
  readName,
  readPublicKeyInfo,
  readRevocationListShape,
  readValidity,
  requireVersion3,
  selfSignedCertificate,
  selfSignedSigningCertificate,
} from '../src/x509/index.ts';

const common = {
  serialNumber: new Uint8Array(16).fill(1),
  publicKey: derSequence(derSequence(derOid('1.2.840.10045.2.1')), derBitString(new Uint8Array(65))),
  extensions: [{ id: '2.5.29.31', value: utf8('x') }],
  sign: () => new Uint8Array(70),
};

export const seeds: readonly Uint8Array[] = [
  selfSignedCertificate({ name: 'a.test', ...common }),
  selfSignedSigningCertificate({
    ...common,
    commonName: 'signer',
    organizationalUnits: ['a', 'b'],
    uri: 'https://a.test/',
    validFrom: new Date('2026-01-01T00:00:00Z'),
    validUntil: new Date('2050-01-01T00:00:00Z'),
    algorithm: 'rsa-sha256',
  }),
];

/** What a certificate or a revocation list says: read, and decoded for rules and for people, or refused. */
export function fuzz(data: Uint8Array): void {
  swallow(() => readRevocationListShape(data));
  swallow(() => {
    const shape = readCertificateShape(data);
    if (shape.extensions.size > 32) throw new Error('Too many extensions.');
    const { issuer, subject, validity, publicKey, extensions } = shape;
    swallow(() => requireVersion3(shape));
    for (const name of [issuer, subject]) for (const read of [readName, describeName]) swallow(() => read(name));
    for (const read of [readValidity, describeValidity]) swallow(() => read(validity));
    swallow(() => readPublicKeyInfo(publicKey));
    for (const { value } of extensions.values()) {
      swallow(() => parseBasicConstraints(value, 'any'));
      swallow(() => parseCrlDistributionPoint(value));
    }
  });
}

function swallow(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
  }
}

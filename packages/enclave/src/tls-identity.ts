import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derMagnitude,
  derOctetString,
  derOid,
  derSequence,
  derTime,
  derValue,
  DerTag,
  utf8,
} from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** A server's key and certificate, as `tlsServer` takes them. */
export interface TlsIdentity {
  /** The private key in PEM. Whoever has it is this server: it must not leave the enclave. */
  readonly key: string;
  /** The certificate in PEM, for clients to pin. */
  readonly cert: string;
  /**
   * The SubjectPublicKeyInfo of the certificate in DER: what evidence must bind
   * (`quote({ purpose, nonce, key: publicKey })`) for a client to know whose certificate it is.
   */
  readonly publicKey: Uint8Array;
}

const oid = Object.freeze({
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectAlternativeName: '2.5.29.17',
  keyUsage: '2.5.29.15',
});
/** What evidence says of the key does not expire, and an enclave has no clock to go by: RFC 5280 section 4.1.2.5. */
const always = derSequence(derTime(new Date('2000-01-01T00:00:00Z')), derTime(new Date('9999-12-31T23:59:59Z')));
/** BIT STRING of RFC 5280 section 4.2.1.3: digitalSignature. */
const digitalSignature = derValue(DerTag.BIT_STRING, Uint8Array.of(7, 0x80));

/**
 * A fresh P-256 key and a certificate for it that it signs itself. The
 * certificate vouches for nothing; evidence that binds its key does.
 * @param name the DNS name that clients ask for, at most 64 ASCII characters.
 * @throws CODEC_OUT_OF_RANGE for another name.
 */
export function createTlsIdentity(name: string): TlsIdentity {
  if (!/^[\x21-\x7e]{1,64}$/.test(name)) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not a DNS name of at most 64 ASCII characters.');
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subjectPublicKeyInfo = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const algorithm = derSequence(derOid(oid.ecdsaWithSha256));
  const subject = derSequence(
    derValue(DerTag.SET, derSequence(derOid(oid.commonName), derValue(DerTag.UTF8_STRING, utf8(name)))),
  );
  const serialNumber = randomBytes(16).fill(0x40, 0, 1);
  // TBSCertificate, RFC 5280 section 4.1: version 3, issuer and subject alike.
  const signed = derSequence(
    derExplicit(0, derInteger(2)),
    derMagnitude(serialNumber),
    algorithm,
    subject,
    always,
    subject,
    subjectPublicKeyInfo,
    derExplicit(3, derSequence(alternativeName(name), extension(oid.keyUsage, true, digitalSignature))),
  );
  const signature = new Uint8Array(sign('sha256', signed, privateKey));
  const certificate = derSequence(signed, algorithm, derBitString(signature));
  return Object.freeze({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(certificate),
    publicKey: subjectPublicKeyInfo,
  });
}

/** dNSName is [2] IMPLICIT IA5String. */
function alternativeName(name: string): Uint8Array {
  return extension(oid.subjectAlternativeName, false, derSequence(derValue(0x82, utf8(name))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(id), critical ? derBoolean(true) : new Uint8Array(), derOctetString(value));
}

function pem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

import { concatBytes, utf8 } from './bytes.ts';
import { DerTag } from './der.ts';
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
} from './der-writer.ts';
import { EnclosError } from '@enclos/errors';

const oid = Object.freeze({
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectAlternativeName: '2.5.29.17',
  keyUsage: '2.5.29.15',
});
/** What evidence says of a key does not expire by a date, and an enclave has no clock to go by: RFC 5280 section 4.1.2.5. */
const always = derSequence(derTime(new Date('2000-01-01T00:00:00Z')), derTime(new Date('9999-12-31T23:59:59Z')));
/** BIT STRING of RFC 5280 section 4.2.1.3: digitalSignature. */
const digitalSignature = derValue(DerTag.BIT_STRING, Uint8Array.of(7, 0x80));

export interface SelfSignedCertificate {
  /** The DNS name of subject and issuer, at most 64 ASCII characters. */
  readonly name: string;
  /** 16 random bytes. */
  readonly serialNumber: Uint8Array;
  /** The SubjectPublicKeyInfo of a P-256 key, in DER. */
  readonly publicKey: Uint8Array;
  /** Extensions beside those for name and key usage: not critical. */
  readonly extensions?: readonly { readonly id: string; readonly value: Uint8Array }[];
  /** ECDSA with SHA-256 by that key, as an ECDSA-Sig-Value in DER. */
  sign(bytes: Uint8Array): Uint8Array;
}

/**
 * An X.509 certificate (RFC 5280 section 4.1) that its own key signs, in DER.
 * It vouches for nothing; evidence that binds its key does.
 * @throws CODEC_OUT_OF_RANGE for a name of another form.
 */
export function selfSignedCertificate(options: SelfSignedCertificate): Uint8Array {
  const { name, publicKey, extensions = [] } = options;
  if (!/^[\x21-\x7e]{1,64}$/.test(name)) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', 'Not a DNS name of at most 64 ASCII characters.');
  }
  const algorithm = derSequence(derOid(oid.ecdsaWithSha256));
  const subject = derSequence(
    derValue(DerTag.SET, derSequence(derOid(oid.commonName), derValue(DerTag.UTF8_STRING, utf8(name)))),
  );
  // Positive, minimal and never zero.
  const serialNumber = concatBytes(Uint8Array.of(0x40), options.serialNumber.subarray(1));
  // TBSCertificate: version 3, issuer and subject alike.
  const signed = derSequence(
    derExplicit(0, derInteger(2)),
    derMagnitude(serialNumber),
    algorithm,
    subject,
    always,
    subject,
    publicKey,
    derExplicit(
      3,
      derSequence(
        alternativeName(name),
        extension(oid.keyUsage, true, digitalSignature),
        ...extensions.map(({ id, value }) => extension(id, false, value)),
      ),
    ),
  );
  return derSequence(signed, algorithm, derBitString(options.sign(signed)));
}

/** dNSName is [2] IMPLICIT IA5String. */
function alternativeName(name: string): Uint8Array {
  return extension(oid.subjectAlternativeName, false, derSequence(derValue(0x82, utf8(name))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(id), critical ? derBoolean(true) : new Uint8Array(), derOctetString(value));
}

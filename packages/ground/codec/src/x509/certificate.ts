import { EnclosError } from '@enclos/errors';
import { equalBytes } from '../bytes.ts';
import { toHex } from '../text-forms.ts';
import { readCertificateFields, requireVersion3 } from './certificate-shape.ts';
import { parseExtensions, type Extensions } from './extensions.ts';
import { readName, type DistinguishedName } from './names.ts';
import type { SignedValue } from './signed-value.ts';
import { readValidity, type CertificateValidity } from './validity.ts';

/** Intel's certificates are under 1.3 KiB, AMD's under 1.7 KiB. */
const maximumSizeBytes = 16_384;

/** An X.509 v3 certificate that is verified to a root, whose public key is a `Key`. */
export interface X509Certificate<Key> extends CertificateValidity {
  /** The whole certificate, DER. */
  readonly encoded: Uint8Array;
  /** tbsCertificate, DER. */
  readonly signedBytes: Uint8Array;
  /** In the form that WebCrypto takes. */
  readonly signature: Uint8Array;
  /** Hex without leading zeros. */
  readonly serialNumber: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly publicKey: Key;
  readonly extensions: Extensions;
}

/** How a PKI signs. Each member throws a CODEC error for algorithms that the PKI does not use. */
export interface SignatureForm {
  /** Checks one AlgorithmIdentifier, DER. */
  readonly checkAlgorithm: (identifier: Uint8Array) => void;
  /** Converts the content of the BIT STRING to the form that WebCrypto takes. */
  readonly readSignature: (bits: Uint8Array) => Uint8Array;
}

/** How a PKI signs, and which keys it certifies. */
export interface CertificateForm<Key> extends SignatureForm {
  /** Reads the key from a SubjectPublicKeyInfo, DER. */
  readonly readPublicKey: (info: Uint8Array) => Key;
}

/**
 * Parses one certificate (RFC 5280 section 4.1), strictly: for verification. Which
 * extensions it must have depends on its place in a chain.
 *
 * @throws a CODEC error; also for a critical extension that is not in `ExtensionId`.
 */
export function parseCertificate<Key>(input: Uint8Array, form: CertificateForm<Key>): X509Certificate<Key> {
  const { fields, list } = readCertificateFields(input, maximumSizeBytes);
  const signature = readSignature(fields, fields.signedAlgorithm, form);
  const serialNumber = toHex(requireVersion3(fields));
  if (list === undefined) throw new EnclosError('CODEC_INVALID', 'A certificate without extensions.');
  return Object.freeze({
    encoded: fields.encoded,
    signedBytes: fields.signedBytes,
    signature,
    serialNumber,
    issuer: readName(fields.issuer),
    ...readValidity(fields.validity),
    subject: readName(fields.subject),
    publicKey: form.readPublicKey(fields.publicKey),
    extensions: parseExtensions(list),
  });
}

/**
 * The signature of a certificate or a revocation list, in the form that WebCrypto takes. The algorithm inside the signed
 * bytes must equal the one beside the signature (RFC 5280 section 4.1.1.2).
 */
export function readSignature(
  { algorithm, signature }: SignedValue,
  signedAlgorithm: Uint8Array,
  form: SignatureForm,
): Uint8Array {
  form.checkAlgorithm(algorithm);
  if (signature.unusedBits !== 0) throw new EnclosError('CODEC_INVALID', 'A signature that is not whole bytes.');
  if (!equalBytes(signedAlgorithm, algorithm)) {
    throw new EnclosError('CODEC_INVALID', 'Two different signature algorithms in one signed value.');
  }
  return form.readSignature(signature.bytes);
}

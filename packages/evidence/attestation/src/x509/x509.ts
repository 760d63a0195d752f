import { DerReader, equalBytes, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { parseExtensions, type Extensions } from './certificate-extensions.ts';

const commonNameType = '2.5.4.3';
/** Intel's certificates are under 1.3 KiB, AMD's under 1.7 KiB. */
const maximumSizeBytes = 16_384;

/** A distinguished name. Names are compared by `encoded`, as QVL does. */
export interface DistinguishedName {
  readonly encoded: Uint8Array;
  /** Empty when the name has none. */
  readonly commonName: string;
}

/** An X.509 v3 certificate whose public key is a `Key`. */
export interface X509Certificate<Key> {
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
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: Key;
  readonly extensions: Extensions;
}

/** How a PKI signs. Each member throws a CODEC error for what the PKI does not use. */
export interface SignatureForm {
  /** Checks one AlgorithmIdentifier, DER. */
  readonly checkAlgorithm: (identifier: Uint8Array) => void;
  /** From the content of the BIT STRING to the form that WebCrypto takes. */
  readonly readSignature: (bits: Uint8Array) => Uint8Array;
}

/** How a PKI signs, and what keys it certifies. */
export interface CertificateForm<Key> extends SignatureForm {
  readonly readPublicKey: (reader: DerReader) => Key;
}

/** The three parts that certificates and revocation lists share, and the algorithm that both places must name. */
interface SignedParts {
  readonly encoded: Uint8Array;
  readonly signedBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly algorithm: Uint8Array;
}

/**
 * Parses one certificate (RFC 5280 section 4.1). Structure only: which
 * extensions it must have depends on its place in a chain.
 *
 * @throws a CODEC error.
 */
export function parseX509<Key>(input: Uint8Array, form: CertificateForm<Key>): X509Certificate<Key> {
  const { encoded, signedBytes, signature, algorithm } = parseSigned(input, maximumSizeBytes, form);
  const fields = new DerReader(signedBytes).sequence();
  const version = fields.optionalExplicit(0);
  if (version?.integer(255) !== 2) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 3 certificate.');
  version.end();
  const serialNumber = toHex(fields.magnitude(20));
  readSameAlgorithm(fields, algorithm);
  const issuer = readName(fields);
  const validity = fields.sequence();
  const notBeforeMs = validity.time();
  const notAfterMs = validity.time();
  validity.end();
  const subject = readName(fields);
  const publicKey = form.readPublicKey(fields);
  const wrapper = fields.optionalExplicit(3);
  if (wrapper === undefined) throw new EnclosError('CODEC_INVALID', 'A certificate without extensions.');
  const extensions = parseExtensions(wrapper);
  wrapper.end();
  fields.end();
  return Object.freeze({
    encoded,
    signedBytes,
    signature,
    serialNumber,
    issuer,
    subject,
    notBeforeMs,
    notAfterMs,
    publicKey,
    extensions,
  });
}

/** The input is copied, also one that is a Buffer, whose slice() would not be. */
export function parseSigned(input: Uint8Array, maxBytes: number, form: SignatureForm): SignedParts {
  if (input.length > maxBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A signed DER value over ${maxBytes} bytes.`);
  }
  const encoded = new Uint8Array(input);
  const outer = new DerReader(encoded);
  const parts = outer.sequence();
  outer.end();
  const signedBytes = parts.element(0x30).encoded;
  const algorithm = parts.element(0x30).encoded;
  form.checkAlgorithm(algorithm);
  const { unusedBits, bytes } = parts.bitString();
  if (unusedBits !== 0) throw new EnclosError('CODEC_INVALID', 'A signature that is not whole bytes.');
  parts.end();
  return { encoded, signedBytes, signature: form.readSignature(bytes), algorithm };
}

/** The algorithm inside the signed bytes equals the one beside the signature (RFC 5280 section 4.1.1.2). */
export function readSameAlgorithm(reader: DerReader, algorithm: Uint8Array): void {
  if (!equalBytes(reader.element(0x30).encoded, algorithm)) {
    throw new EnclosError('CODEC_INVALID', 'Two different signature algorithms in one signed value.');
  }
}

export function readName(reader: DerReader): DistinguishedName {
  const { encoded, content } = reader.element(0x30);
  let commonName = '';
  for (const names = new DerReader(content, 1); !names.done;) {
    const relative = names.set();
    const attribute = relative.sequence();
    relative.end();
    const type = attribute.objectIdentifier();
    const text = attribute.text(256);
    attribute.end();
    if (type !== commonNameType) continue;
    if (commonName !== '') throw new EnclosError('CODEC_INVALID', 'A distinguished name with two common names.');
    commonName = text;
  }
  return Object.freeze({ encoded, commonName });
}

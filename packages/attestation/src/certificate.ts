import { DerReader, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { parseExtensions, type Extensions } from './certificate-extensions.ts';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const ecPublicKey = '1.2.840.10045.2.1';
const prime256v1 = '1.2.840.10045.3.1.7';
const commonNameType = '2.5.4.3';
/** Intel's certificates are under 1.3 KiB. */
const maximumSizeBytes = 16_384;

/** A distinguished name. Names are compared by `encoded`, as QVL does. */
export interface DistinguishedName {
  readonly encoded: Uint8Array;
  /** Empty when the name has none. */
  readonly commonName: string;
}

/** An X.509 v3 certificate with a P-256 key, signed with ECDSA and SHA-256: the only kind in a DCAP chain. */
export interface Certificate {
  /** The whole certificate, DER. */
  readonly encoded: Uint8Array;
  /** tbsCertificate, DER. */
  readonly signedBytes: Uint8Array;
  /** r then s, 32 bytes each. */
  readonly signature: Uint8Array;
  /** Hex without leading zeros. */
  readonly serialNumber: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** x then y, 32 bytes each; that the point is on the curve is checked when the key is used. */
  readonly publicKey: Uint8Array;
  readonly extensions: Extensions;
}

/**
 * Parses one certificate (RFC 5280 section 4.1). Structure only: which
 * extensions it must have depends on its place in a chain.
 *
 * @throws a CODEC error.
 */
export function parseCertificate(input: Uint8Array): Certificate {
  const { encoded, signedBytes, signature } = parseSigned(input, maximumSizeBytes);
  const fields = new DerReader(signedBytes).sequence();
  const version = fields.optionalExplicit(0);
  if (version?.integer(255) !== 2) throw new EnclosError('CODEC_INVALID', 'Not an X.509 version 3 certificate.');
  version.end();
  const serialNumber = toHex(fields.magnitude(20));
  readSignatureAlgorithm(fields);
  const issuer = readName(fields);
  const validity = fields.sequence();
  const notBeforeMs = validity.time();
  const notAfterMs = validity.time();
  validity.end();
  const subject = readName(fields);
  const publicKey = readPublicKey(fields);
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

/** The three parts that certificates and revocation lists share. The input is copied. */
export function parseSigned(
  input: Uint8Array,
  maxBytes: number,
): { readonly encoded: Uint8Array; readonly signedBytes: Uint8Array; readonly signature: Uint8Array } {
  if (input.length > maxBytes) {
    throw new EnclosError('CODEC_OUT_OF_RANGE', `A signed DER value over ${maxBytes} bytes.`);
  }
  const encoded = input.slice();
  const outer = new DerReader(encoded);
  const parts = outer.sequence();
  outer.end();
  const signedBytes = parts.element(0x30).encoded;
  readSignatureAlgorithm(parts);
  const { unusedBits, bytes } = parts.bitString();
  if (unusedBits !== 0) throw new EnclosError('CODEC_INVALID', 'A signature that is not whole bytes.');
  parts.end();
  return { encoded, signedBytes, signature: readEcdsaSignature(bytes) };
}

/** AlgorithmIdentifier ecdsa-with-SHA256, parameters absent (RFC 5758 section 3.2). */
export function readSignatureAlgorithm(reader: DerReader): void {
  const algorithm = reader.sequence();
  if (algorithm.objectIdentifier() !== ecdsaWithSha256) {
    throw new EnclosError('CODEC_INVALID', 'A signature algorithm other than ECDSA with SHA-256.');
  }
  algorithm.end();
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

/** SubjectPublicKeyInfo with an uncompressed point on the named curve P-256 (RFC 5480 section 2). */
function readPublicKey(reader: DerReader): Uint8Array {
  const info = reader.sequence();
  const algorithm = info.sequence();
  const type = algorithm.objectIdentifier();
  const curve = algorithm.objectIdentifier();
  algorithm.end();
  const { unusedBits, bytes } = info.bitString();
  info.end();
  const isPoint = unusedBits === 0 && bytes.length === 65 && bytes[0] === 4;
  if (type !== ecPublicKey || curve !== prime256v1 || !isPoint) {
    throw new EnclosError('CODEC_INVALID', 'A public key other than an uncompressed P-256 point.');
  }
  return bytes.subarray(1);
}

/** ECDSA-Sig-Value (RFC 5480 appendix A) to the fixed form that WebCrypto takes. */
function readEcdsaSignature(bytes: Uint8Array): Uint8Array {
  const outer = new DerReader(bytes);
  const pair = outer.sequence();
  outer.end();
  const r = pair.magnitude(32);
  const s = pair.magnitude(32);
  pair.end();
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  return signature;
}

import { decodeUtf8 } from '@enclos/codec/text';
import { ByteReader, ByteWriter, equalBytes, fromBase64url, toBase64url, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

/** A secret and who may have it: one row, so that neither changes without the other. */
export interface SecretRow {
  /** SHA-256 of the configuration under which it was set, base64url. */
  readonly configurationDigest: string;
  /** The release policy: JSON text. */
  readonly policy: string;
  readonly secret: Uint8Array;
}

const tag = utf8('enclos.attestation-secret.v1');
const digestBytes = 32;
/** What a release policy may have in characters, each of at most 3 bytes in UTF-8. */
const maximumPolicyBytes = 3 * 65_536;
export const maximumSecretBytes = 65_536;

/**
 * One row has one encoding: tag, configuration digest (32 bytes), u32 length and policy in UTF-8, u32 length and secret.
 * Integers are little-endian.
 * @throws a CODEC error for what has no encoding.
 */
export function encodeSecretRow({ configurationDigest, policy, secret }: SecretRow): Uint8Array {
  const text = utf8(policy);
  checkLengths(text.length, secret.length);
  return new ByteWriter()
    .bytes(tag)
    .fixed(fromBase64url(configurationDigest, { maxBytes: digestBytes }), digestBytes)
    .u32(text.length)
    .bytes(text)
    .u32(secret.length)
    .bytes(secret)
    .finish();
}

/** Reads all of `bytes`. @throws a CODEC error for every encoding but the one. */
export function decodeSecretRow(bytes: Uint8Array): SecretRow {
  const reader = new ByteReader(bytes);
  if (!equalBytes(reader.view(tag.length), tag)) throw new EnclosError('CODEC_INVALID', 'Not the row of a secret.');
  const configurationDigest = toBase64url(reader.view(digestBytes));
  const policyLength = reader.u32();
  checkLengths(policyLength, 1);
  const policy = decodeUtf8(reader.view(policyLength));
  const secretLength = reader.u32();
  checkLengths(policyLength, secretLength);
  const secret = reader.bytes(secretLength);
  reader.end();
  return Object.freeze({ configurationDigest, policy, secret });
}

function checkLengths(policy: number, secret: number): void {
  const fits = policy <= maximumPolicyBytes && secret >= 1 && secret <= maximumSecretBytes;
  if (!fits) throw new EnclosError('CODEC_OUT_OF_RANGE', 'A secret or a policy over its bound.');
}

import { concatBytes, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u16, u64 } from '../big-endian.ts';
import type { HpkeEngine } from '../engine.ts';
import { encodeKeyConfig, parseKeyConfig, type KeyConfig } from '../ohttp/key-config.ts';
import { kemIds, type KemId } from '../suites.ts';

/** A key that a service publishes: a key configuration and the time in which clients may use it. */
export interface PublishedKey extends KeyConfig {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What the evidence of a service vouches for: its keys, the models that it runs, and the key of its receipts. */
export interface KeySetDocument {
  /** The newest first. */
  readonly keys: readonly PublishedKey[];
  /** SHA-256. */
  readonly modelManifestDigest: Uint8Array;
  /** The public key of receipts as their verifier takes it; no bytes for a service without receipts. */
  readonly receiptKey: Uint8Array;
}

/** The media type of a key set. */
export const keySetType = 'application/vnd.enclos.key-set';
const magic = utf8('enclos key set 1\0');
const digestBytes = 32;
const maximumKeys = 32;
const maximumReceiptKeyBytes = 4096;

/**
 * The one encoding of a key set: a magic text, the count of keys u8, each key (length u16, key configuration, not before
 * and not after u64 in ms), the digest of the model manifest, length u16 and receipt key. Numbers are big-endian.
 *
 * @throws OHTTP_KEYS_INVALID for parts of another length.
 */
export function encodeKeySet({ keys, modelManifestDigest, receiptKey }: KeySetDocument): Uint8Array {
  if (
    keys.length > maximumKeys ||
    modelManifestDigest.length !== digestBytes ||
    receiptKey.length > maximumReceiptKeyBytes
  ) {
    return refuse('A key set has too many keys, or a digest or receipt key of another length.');
  }
  const parts = keys.flatMap((key) => {
    const { notBeforeMs, notAfterMs } = key;
    if (!isTime(notBeforeMs) || !isTime(notAfterMs) || notBeforeMs >= notAfterMs) {
      return refuse('The time of a key is not two whole milliseconds in order.');
    }
    const config = encodeKeyConfig(key);
    return [u16(config.length), config, u64(notBeforeMs), u64(notAfterMs)];
  });
  const head = concatBytes(magic, Uint8Array.of(keys.length));
  return concatBytes(head, ...parts, modelManifestDigest, u16(receiptKey.length), receiptKey);
}

/** @throws OHTTP_KEYS_INVALID for another form, HPKE_UNSUPPORTED for a key that is not known here. */
export function parseKeySet(bytes: Uint8Array): KeySetDocument {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (bytes.length - at < length) return refuse('The key set is cut off.');
    at += length;
    return bytes.slice(at - length, at);
  };
  const number = (length: 1 | 2 | 8): number => {
    const value = take(length).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : refuse('A time of the key set is too far away.');
  };
  if (take(magic.length).some((byte, index) => byte !== magic[index])) return refuse('This is not a key set.');
  const count = number(1);
  if (count > maximumKeys) return refuse(`The key set has more than ${maximumKeys} keys.`);
  const keys = Array.from({ length: count }, () => {
    const config = parseKeyConfig(take(number(2)));
    return Object.freeze({ ...config, notBeforeMs: number(8), notAfterMs: number(8) });
  });
  const modelManifestDigest = take(digestBytes);
  const receiptKey = take(number(2));
  if (at !== bytes.length) return refuse('Bytes follow the key set.');
  const document = Object.freeze({ keys: Object.freeze(keys), modelManifestDigest, receiptKey });
  // Whatever has one encoding is also held to the rules of the encoder, such as times in order.
  encodeKeySet(document);
  return document;
}

/**
 * SHA-256 of an encoded key set: what the report data of the service's evidence holds.
 *
 * @param encoded as `encodeKeySet` gives it, or as it arrived.
 */
export async function keySetDigest(engine: HpkeEngine, encoded: Uint8Array): Promise<Uint8Array> {
  return engine.sha256(encoded);
}

/**
 * The key that a client is to use: the newest that is in its time, of the first KEM in `preference` that has one.
 *
 * @throws HPKE_KEY_STALE if none is in its time.
 */
export function currentKey(
  { keys }: Pick<KeySetDocument, 'keys'>,
  nowMs: number,
  preference: readonly KemId[] = [kemIds.xWing, kemIds.x25519],
): PublishedKey {
  const usable = keys.filter(({ notBeforeMs, notAfterMs }) => notBeforeMs <= nowMs && nowMs < notAfterMs);
  const found = preference
    .map((kem) => usable.filter((key) => key.kem === kem).toSorted((one, two) => two.notBeforeMs - one.notBeforeMs)[0])
    .find((key) => key !== undefined);
  if (found === undefined) throw new EnclosError('HPKE_KEY_STALE', 'The key set has no key that is in its time.');
  return found;
}

function isTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0;
}

function refuse(message: string): never {
  throw new EnclosError('OHTTP_KEYS_INVALID', message);
}

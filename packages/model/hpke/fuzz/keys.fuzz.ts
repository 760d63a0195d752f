import { isDeepStrictEqual } from 'node:util';
import { fromHex } from '@enclos/codec';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import {
  aeadIds,
  encodeKeyConfig,
  encodeKeyConfigList,
  encodeKeySet,
  kdfIds,
  kemIds,
  parseKeyConfig,
  parseKeyConfigList,
  parseKeySet,
  type PublishedKey,
} from '../src/index.ts';
import { unpad } from '../src/bound/padding.ts';
import { readBoundMessage } from '../src/bound/head.ts';
import { encodeVarint, readVarint } from '../src/varint.ts';
import { rfc9458 } from '../test/vectors.ts';

const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
const key: PublishedKey = {
  keyId: 1,
  kem: kemIds.x25519,
  publicKey: new Uint8Array(32),
  suites,
  notBeforeMs: 1,
  notAfterMs: 2,
};
const p384: PublishedKey = { ...key, kem: kemIds.p384, publicKey: new Uint8Array(97) };

export const seeds: readonly Uint8Array[] = [
  fromHex(rfc9458.keyConfig),
  encodeKeyConfigList([key, p384]),
  encodeKeySet({ keys: [key], modelManifestDigest: new Uint8Array(32), receiptKey: new Uint8Array(8) }),
  new Uint8Array(120).fill(1, 0, 1),
  Uint8Array.of(1, 3, 0, 0x20, 0, 1, 0, 2, ...new Uint8Array(80)),
];

const refusals: readonly ErrorCode[] = [
  'OHTTP_KEYS_INVALID',
  'HPKE_UNSUPPORTED',
  'HPKE_MESSAGE_INVALID',
  'HPKE_TRUNCATED',
];

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isEnclosError(error) && refusals.includes(error.code)) return undefined;
    throw error;
  }
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** What is read comes back from its own encoding. */
function comesBack<T>(data: Uint8Array, parse: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): void {
  const value = unlessRefused(() => parse(data));
  if (value === undefined) return;
  require(isDeepStrictEqual(parse(encode(value)), value), `${parse.name}: what was read does not come back.`);
}

/** Any bytes are keys, a head or a refusal. */
export function fuzz(data: Uint8Array): void {
  comesBack(data, parseKeyConfig, encodeKeyConfig);
  comesBack(data, parseKeyConfigList, encodeKeyConfigList);
  comesBack(data, parseKeySet, encodeKeySet);
  const bound = unlessRefused(() => readBoundMessage(data));
  if (bound !== undefined) {
    const bytes = bound.head.length + bound.enc.length + bound.ciphertext.length;
    require(bytes === data.length, 'Bytes of a bound request are in no part.');
  }
  const content = unlessRefused(() => unpad(data));
  require(content === undefined || content.length < data.length, 'Padding was not taken off.');
  const varint = readVarint(data);
  if (typeof varint !== 'object') return;
  require(isDeepStrictEqual(encodeVarint(varint.value), data.slice(0, varint.bytes)), 'A number has two forms.');
}

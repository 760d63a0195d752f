import { isDeepStrictEqual } from 'node:util';
import { decodeUtf8 } from '@enclos/codec/text';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { ehbp, sessionTypes } from '@enclos/hpke';
import { cardText, readCard } from '../src/replicas/card.ts';
import { keyOfRequest } from '../src/replicas/key-of-request.ts';

const card = { replica: 'b'.repeat(22), modelManifestDigest: 'ab'.repeat(32), keys: [{ kem: 32, keyId: 7 }] };

export const seeds: readonly Uint8Array[] = [
  utf8(cardText(card)),
  utf8(cardText({ ...card, keys: [] })),
  Uint8Array.of(7, 0, 32, 0, 1, 0, 2, ...new Uint8Array(60)),
  Uint8Array.of(1, 7, 0, 32, 0, 1, 0, 2, ...new Uint8Array(90)),
  Uint8Array.of(1, ...new Uint8Array(30)),
];

const request = { method: 'POST', remoteAddress: '', signal: new AbortController().signal };
const kinds = [
  { path: '/ohttp', headers: new Map<string, string>() },
  { path: '/v1/session', headers: new Map([['content-type', sessionTypes.open]]) },
  { path: '/v1/session', headers: new Map([['content-type', sessionTypes.request]]) },
  { path: '/v2', headers: new Map([[ehbp.encapsulatedKeyHeader, '']]) },
];

/** Any bytes are a card that is written and read the same, or are refused; and any request tells its key, or nothing. */
export function fuzz(data: Uint8Array): void {
  for (const kind of kinds) {
    const key = keyOfRequest({ ...request, ...kind, body: data });
    if (key?.by === 'session' && key.id.length !== 32) throw new RangeError('A session has an id of 16 bytes.');
  }
  try {
    const read = readCard(decodeUtf8(data));
    if (!isDeepStrictEqual(readCard(cardText(read)), read)) throw new Error('A card is read in two ways.');
  } catch (error) {
    if (
      !isEnclosError(error, 'INFERENCE_REPLICA_REFUSED') &&
      !(isEnclosError(error) && error.code.startsWith('CODEC_'))
    ) {
      throw error;
    }
  }
}

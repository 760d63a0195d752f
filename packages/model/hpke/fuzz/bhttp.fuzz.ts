import { isDeepStrictEqual } from 'node:util';
import { concatBytes, fromHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  bhttpRequestDecoder,
  bhttpResponseDecoder,
  bhttpStream,
  encodeBhttpRequest,
  encodeBhttpResponse,
  type BhttpDecoder,
  type BhttpMessage,
} from '../src/index.ts';
import { rfc9458 } from '../test/vectors.ts';

const limits = { maxContentBytes: 500, maxHeadBytes: 400, maxFields: 8 };
const head = { method: 'POST', scheme: 'https', authority: 'a.example', path: '/infer', fields: [['a', 'b']] } as const;

export const seeds: readonly Uint8Array[] = [
  fromHex(rfc9458.request),
  fromHex(rfc9458.response),
  encodeBhttpRequest(head, utf8('content'), { padTo: 100 }),
  encodeBhttpResponse({ status: 200, fields: [['content-type', 'a/b']] }, utf8('content')),
  concatBytes(
    bhttpStream.request(head),
    bhttpStream.content(utf8('one')),
    bhttpStream.content(utf8('two')),
    bhttpStream.end([['c', 'd']]),
  ),
  concatBytes(bhttpStream.response({ status: 404, fields: [] }), bhttpStream.end()),
];

type Read<Head> = BhttpMessage<Head> | 'refused';

function read<Head>(decoder: BhttpDecoder<Head>, bytes: Uint8Array, size: number): Read<Head> {
  const found: { head?: Head; content: Uint8Array[]; trailer?: BhttpMessage<Head>['trailer'] } = { content: [] };
  const take = (events: ReturnType<BhttpDecoder<Head>['end']>): void => {
    for (const event of events) {
      if (event.type === 'head') found.head = event.head;
      else if (event.type === 'content') found.content.push(event.bytes);
      else found.trailer = event.trailer;
    }
  };
  try {
    for (let at = 0; at < bytes.length; at += size) take(decoder.push(bytes.slice(at, at + size)));
    take(decoder.end());
  } catch (error) {
    if (!isEnclosError(error, 'OHTTP_MESSAGE_INVALID')) throw error;
    return 'refused';
  }
  const { head: front, content, trailer } = found;
  if (front === undefined || trailer === undefined) throw new Error('A message without a head or an end was accepted.');
  return { head: front, content: concatBytes(...content), trailer };
}

/** Any bytes are one message or one refusal, the same in whatever pieces they come, and a message has one known-length form. */
export function fuzz(data: Uint8Array): void {
  const size = Math.max(1, data.length);
  const request = read(bhttpRequestDecoder(limits), data, size);
  const response = read(bhttpResponseDecoder(limits), data, size);
  for (const pieces of [1, 3, 17]) {
    const again = [read(bhttpRequestDecoder(limits), data, pieces), read(bhttpResponseDecoder(limits), data, pieces)];
    if (!isDeepStrictEqual(again, [request, response])) {
      throw new Error(`Pieces of ${pieces} bytes are read differently.`);
    }
  }
  if (request !== 'refused') {
    const known = encodeBhttpRequest(request.head, request.content);
    const back = read(bhttpRequestDecoder({ ...limits, maxHeadBytes: 800 }), known, known.length);
    if (!isDeepStrictEqual(back, { ...request, trailer: [] })) throw new Error('A request does not come back.');
  }
  if (response !== 'refused') {
    const known = encodeBhttpResponse(response.head, response.content);
    const back = read(bhttpResponseDecoder({ ...limits, maxHeadBytes: 800 }), known, known.length);
    if (!isDeepStrictEqual(back, { ...response, trailer: [] })) throw new Error('A response does not come back.');
  }
}

import { EnclosError } from '@enclos/errors';
import { bhttpStream, decodeBhttpRequest, encodeBhttpResponse, type BhttpResponseHead } from '@enclos/hpke';
import type { ApiAnswer, ApiRequest } from '../api/api-request.ts';

/** Answers have one of few lengths, so that a short verdict looks like a long one: powers of two from here. */
const smallestBytes = 2048;

/**
 * The request inside a sealed one. Its scheme and authority are not looked at: the seal says where it was meant to go.
 * @throws OHTTP_MESSAGE_INVALID
 */
export function requestInside(
  message: Uint8Array,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): ApiRequest {
  const { head, content } = decodeBhttpRequest(message, { maxContentBytes: maxBytes });
  const headers = new Map<string, string>();
  for (const [name, value] of head.fields) {
    if (headers.has(name)) throw new EnclosError('OHTTP_MESSAGE_INVALID', 'A field comes twice.');
    headers.set(name, value);
  }
  const [path = ''] = head.path.split('?', 1);
  return { method: head.method, path, headers, body: content, signal };
}

/** An answer as one message, or in pieces when it is streamed. */
export function answerInside({ status, headers, body }: ApiAnswer): Uint8Array | AsyncGenerator<Uint8Array> {
  const head: BhttpResponseHead = { status, fields: Object.entries(headers) };
  return body instanceof Uint8Array ? encodeBhttpResponse(head, body, { padTo: paddedLength }) : pieces(head, body);
}

async function* pieces(head: BhttpResponseHead, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield bhttpStream.response(head);
  for await (const piece of body) if (piece.length > 0) yield bhttpStream.content(piece);
  yield bhttpStream.end();
}

/** The least of the lengths that a message of this size may have, head included: a receipt is in the head. */
function paddedLength(messageBytes: number): number {
  let length = smallestBytes;
  while (length < messageBytes) length *= 2;
  return length;
}

import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { StreamSealer } from '@enclos/hpke';
import type { HttpResponse } from '@enclos/http';
import { errorJson } from '@enclos/open-inference';
import { jsonAnswer } from '../api/answers.ts';
import type { ApiAnswer } from '../api/api-request.ts';
import { errorAnswerOf } from '../api/errors-of.ts';
import { answerInside } from './binary-http.ts';

export interface SealingOptions {
  /** The media type of the sealed answer. */
  readonly contentType: string;
  /** The most bytes of an answer that is whole before it is sealed. */
  readonly maxBytes: number;
  /** The protocol has no chunks, so a streamed answer is whole too. */
  readonly isAlwaysWhole?: boolean;
}

/** The answer to a sealed request: in one piece, or piece by piece as it is made. */
export async function sealedAnswer(
  sealer: StreamSealer,
  answer: ApiAnswer,
  { contentType, maxBytes, isAlwaysWhole = false }: SealingOptions,
): Promise<HttpResponse> {
  const inside =
    isAlwaysWhole || answer.body instanceof Uint8Array ? await wholeInside(answer, maxBytes) : answerInside(answer);
  return {
    status: 200,
    headers: { 'content-type': contentType, 'cache-control': 'no-store' },
    body: inside instanceof Uint8Array ? await sealer.sealAll(inside) : sealedPieces(sealer, inside),
  };
}

/** Seals pieces as they come. The last one is marked, so a piece is sent when the next is there, or the end. */
async function* sealedPieces(sealer: StreamSealer, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (sealer.head.length > 0) yield sealer.head;
  for await (const piece of pieces) yield sealer.seal(piece, false);
  yield sealer.seal(new Uint8Array(), true);
}

/**
 * An answer in one piece, whatever becomes of it: what is too long, or fails before its end, is an error inside the seal. Outside, a host
 * would read which.
 * @throws faults of the service itself
 */
async function wholeInside(answer: ApiAnswer, maxBytes: number): Promise<Uint8Array> {
  try {
    return await collect(answerInside(answer), maxBytes);
  } catch (error) {
    const { status, message, headers, isFault } = errorAnswerOf(error);
    if (isFault) throw error;
    return collect(answerInside(jsonAnswer(errorJson(message), status, headers)), maxBytes);
  }
}

/** All of an answer as one message. @throws INFERENCE_LIMIT_EXCEEDED above the bound */
async function collect(inside: Uint8Array | AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  if (inside instanceof Uint8Array) return inside.length > maxBytes ? tooLong() : inside;
  const all: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of inside) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) tooLong();
    all.push(piece);
  }
  return concatBytes(...all);
}

function tooLong(): never {
  throw new EnclosError('INFERENCE_LIMIT_EXCEEDED', 'The answer is too long for this channel.');
}

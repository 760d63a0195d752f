import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { bodyOf } from './outer-http.ts';
import { checkReceipt, type AnswerReceipt, type ReceiptCheck } from './receipt-check.ts';
import { ReceiptEvents } from './receipt-event.ts';
import { refuseAnswer } from './refusal.ts';
import { fieldNames } from './request.ts';
import type { AnswerEvents } from './transports/transport.ts';

export interface AnswerOptions {
  readonly check: ReceiptCheck;
  /** Whether an answer of a model without a receipt is refused. */
  readonly requireReceipt: boolean;
  readonly onReceipt: (receipt: AnswerReceipt) => void;
}

/** Statuses whose answers have no body (Fetch, section 2.2.3). */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The answer in the events of a transport. An answer that is not streamed is given out when all of it was opened and its receipt verified. A stream
 * of events is given out as it is opened; it ends with an error unless its end and its receipt are genuine.
 *
 * @throws HPKE_*, OHTTP_MESSAGE_INVALID, RECEIPT_*, INFERENCE_ANSWER_REFUSED, INFERENCE_RECEIPT_MISSING
 */
export async function openAnswer(events: AnswerEvents, options: AnswerOptions): Promise<Response> {
  const first = await events.next();
  if (first.done === true || first.value.type !== 'head') return refuseAnswer('The answer has no head.');
  const { head } = first.value;
  const fields = new Headers(head.fields.map(([name, value]) => [name, value]));
  try {
    checkFields(head.status, fields, options.check);
  } catch (error) {
    await events.return(undefined);
    throw error;
  }
  const init = { status: head.status, headers: fields };
  if (head.status === 200 && /^text\/event-stream\b/.test(fields.get('content-type') ?? '')) {
    return new Response(streamOf(streamedContent(events, options)), init);
  }
  const content = await wholeContent(events);
  await judge(fields.get(fieldNames.receipt) ?? undefined, content, { ...options, isModelAnswer: head.status === 200 });
  return new Response(withoutBody.has(head.status) ? null : bodyOf(content), init);
}

/** What the enclave says of itself, where it says it. */
function checkFields(status: number, fields: Headers, { request }: ReceiptCheck): void {
  const requestId = fields.get(fieldNames.requestId);
  if (requestId !== null && requestId !== request.requestId) refuseAnswer('The answer is to another request.');
  if (request.modelDigest === undefined || status !== 200) return;
  if (fields.get(fieldNames.modelDigest) !== request.modelDigest) refuseAnswer('Another model answered.');
}

async function wholeContent(events: AnswerEvents): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const event of events) if (event.type === 'content') pieces.push(event.bytes);
  return concatBytes(...pieces);
}

async function* streamedContent(events: AnswerEvents, options: AnswerOptions): AsyncGenerator<Uint8Array> {
  const splitter = new ReceiptEvents();
  // WebCrypto has no digest in pieces, so what the receipt is over is kept.
  const given: Uint8Array[] = [];
  for await (const event of events) {
    if (event.type !== 'content') continue;
    for (const bytes of splitter.push(event.bytes)) {
      given.push(bytes);
      yield bytes;
    }
  }
  const rest = splitter.end();
  await judge(splitter.receipt, concatBytes(...given, rest), { ...options, isModelAnswer: true });
  if (rest.length > 0) yield rest;
}

async function judge(
  receipt: string | undefined,
  content: Uint8Array,
  { check, requireReceipt, onReceipt, isModelAnswer }: AnswerOptions & { readonly isModelAnswer: boolean },
): Promise<void> {
  if (receipt !== undefined) onReceipt(await checkReceipt(receipt, content, check));
  else if (requireReceipt && isModelAnswer && check.request.isForModel) {
    throw new EnclosError('INFERENCE_RECEIPT_MISSING');
  }
}

function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const piece = await pieces.next();
      if (piece.done === true) controller.close();
      else controller.enqueue(bodyOf(piece.value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

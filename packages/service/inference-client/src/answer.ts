import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { BhttpField } from '@enclos/hpke';
import { bodyOf } from './outer-http.ts';
import { checkReceipt, type AnswerReceipt, type ReceiptCheck } from './receipt-check.ts';
import { ReceiptEvents } from './receipt-event.ts';
import { refuseAnswer } from './refusal.ts';
import { fieldNames } from './request.ts';
import type { AnswerEvent, AnswerEvents } from './transports/transport.ts';

export interface AnswerOptions {
  readonly check: ReceiptCheck;
  /** Whether an answer of a model without a receipt is refused. */
  readonly requireReceipt: boolean;
  readonly onReceipt: (receipt: AnswerReceipt) => void;
}

/** Statuses whose answers have no body (Fetch, section 2.2.3). */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

/** An answer that was opened. */
export interface OpenedAnswer {
  readonly status: number;
  readonly fields: readonly BhttpField[];
  /** All of it, verified; or pieces as they are opened, which end with an error unless their end and their receipt are genuine. */
  readonly content: Uint8Array | AsyncGenerator<Uint8Array>;
}

/**
 * The answer in the events of a transport. An answer that is not streamed is given out when all of it was opened and its receipt verified. A stream
 * of events is given out as it is opened; it ends with an error unless its end and its receipt are genuine.
 *
 * @throws HPKE_*, OHTTP_MESSAGE_INVALID, RECEIPT_*, INFERENCE_ANSWER_REFUSED, INFERENCE_RECEIPT_MISSING
 */
export async function openAnswer(events: AnswerEvents, options: AnswerOptions): Promise<OpenedAnswer> {
  const [first, ...known] = (await events.next()) ?? [];
  if (first?.type !== 'head') return refuseAnswer('The answer has no head.');
  const { status, fields } = first.head;
  try {
    checkFields(status, fields, options.check);
  } catch (error) {
    await events.cancel();
    throw error;
  }
  if (status === 200 && /^text\/event-stream\b/.test(fieldOf(fields, 'content-type') ?? '')) {
    return { status, fields, content: streamedContent(known, events, options) };
  }
  const content = await wholeContent(known, events);
  await judge(fieldOf(fields, fieldNames.receipt), content, { ...options, isModelAnswer: status === 200 });
  return { status, fields, content };
}

/** An answer as `fetch` gives it. */
export function responseOf({ status, fields, content }: OpenedAnswer): Response {
  const init = { status, headers: new Headers(fields.map(([name, value]) => [name, value])) };
  if (!(content instanceof Uint8Array)) return new Response(streamOf(content), init);
  return new Response(withoutBody.has(status) ? null : bodyOf(content), init);
}

/** What the enclave says of itself, where it says it. */
function checkFields(status: number, fields: readonly BhttpField[], { request }: ReceiptCheck): void {
  const requestId = fieldOf(fields, fieldNames.requestId);
  if (requestId !== undefined && requestId !== request.requestId) refuseAnswer('The answer is to another request.');
  if (request.modelDigest === undefined || status !== 200) return;
  if (fieldOf(fields, fieldNames.modelDigest) !== request.modelDigest) refuseAnswer('Another model answered.');
}

/** All values of a field, as `Headers` joins them. */
export function fieldOf(fields: readonly BhttpField[], wanted: string): string | undefined {
  let found: string | undefined;
  for (const [name, value] of fields) if (name === wanted) found = found === undefined ? value : `${found}, ${value}`;
  return found;
}

async function wholeContent(known: readonly AnswerEvent[], events: AnswerEvents): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  // Each batch follows the one before.
  // eslint-disable-next-line no-await-in-loop
  for (let batch: readonly AnswerEvent[] | undefined = known; batch !== undefined; batch = await events.next()) {
    for (const event of batch) if (event.type === 'content') pieces.push(event.bytes);
  }
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : concatBytes(...pieces);
}

async function* streamedContent(
  known: readonly AnswerEvent[],
  events: AnswerEvents,
  options: AnswerOptions,
): AsyncGenerator<Uint8Array> {
  const splitter = new ReceiptEvents();
  // WebCrypto has no digest in pieces, so what the receipt is over is kept.
  const given: Uint8Array[] = [];
  try {
    // Each batch follows the one before.
    // eslint-disable-next-line no-await-in-loop
    for (let batch: readonly AnswerEvent[] | undefined = known; batch !== undefined; batch = await events.next()) {
      for (const event of batch) {
        if (event.type !== 'content') continue;
        for (const bytes of splitter.push(event.bytes)) {
          given.push(bytes);
          yield bytes;
        }
      }
    }
  } finally {
    await events.cancel();
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

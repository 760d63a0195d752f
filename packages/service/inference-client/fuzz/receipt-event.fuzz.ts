import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { ReceiptEvents } from '../src/receipt-event.ts';

export const seeds: readonly Uint8Array[] = [
  utf8('data: one\n\nevent: enclos-receipt\ndata: aB-_.9\n\n'),
  utf8('event: enclos-receipt\ndata: a\n\ndata: more\n\n'),
];

/** Events are given out as they came, however they are cut, or refused by the error of this package. */
export function fuzz(data: Uint8Array): void {
  const [whole, cut] = [outcome(data, data.length), outcome(data, 3)];
  if (whole !== cut) throw new Error('Another cut gives another outcome.');
}

function outcome(data: Uint8Array, step: number): string {
  const reader = new ReceiptEvents();
  const given: Uint8Array[] = [];
  try {
    for (let at = 0; at < data.length; at += step) given.push(...reader.push(data.subarray(at, at + step)));
    given.push(reader.end());
  } catch (error) {
    // A receipt that is not UTF-8 is refused by the decoder.
    if (isEnclosError(error, 'INFERENCE_ANSWER_REFUSED') || isEnclosError(error, 'CODEC_INVALID')) return error.code;
    throw error;
  }
  const bytes = given.reduce((sum, piece) => sum + piece.length, 0);
  if (reader.receipt === undefined && bytes !== data.length) throw new Error('Bytes were lost.');
  return `${bytes} ${reader.receipt}`;
}

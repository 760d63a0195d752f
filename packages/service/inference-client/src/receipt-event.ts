import { concatBytes } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { refuseAnswer } from './refusal.ts';

const newline = 0x0a;
const maximumEventBytes = 1_048_576;
const receiptEvent = /^event: enclos-receipt\ndata: (?<receipt>[\w.-]{1,65536})\n\n$/;
const receiptStart = 'event: enclos-receipt\n';

/** Takes the receipt out of a stream of server-sent events, whose last event it is. */
export class ReceiptEvents {
  #rest: Uint8Array = new Uint8Array();
  #receipt: string | undefined;

  get receipt(): string | undefined {
    return this.#receipt;
  }

  /**
   * @returns the events that are there whole, without the receipt.
   * @throws INFERENCE_ANSWER_REFUSED for an event without end, or one after the receipt
   */
  push(piece: Uint8Array): readonly Uint8Array[] {
    const bytes = this.#rest.length === 0 ? piece : concatBytes(this.#rest, piece);
    const events: Uint8Array[] = [];
    let start = 0;
    // Where a line ended in the part that was there before, it was already looked at.
    for (let at = Math.max(1, this.#rest.length); at < bytes.length; at++) {
      if (bytes[at] !== newline || bytes[at - 1] !== newline || at - 1 < start) continue;
      const event = bytes.subarray(start, at + 1);
      start = at + 1;
      if (!this.#take(event)) events.push(event);
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > maximumEventBytes) {
      return refuseAnswer(`An event of the answer has more than ${maximumEventBytes} bytes.`);
    }
    return events;
  }

  /** @returns what follows the last whole event. */
  end(): Uint8Array {
    if (this.#receipt !== undefined && this.#rest.length > 0) refuseAnswer('Bytes follow the receipt.');
    return this.#rest;
  }

  #take(event: Uint8Array): boolean {
    if (this.#receipt !== undefined) refuseAnswer('An event follows the receipt.');
    if (!startsWith(event, receiptStart)) return false;
    this.#receipt = receiptEvent.exec(decodeUtf8(event))?.groups?.['receipt'];
    return this.#receipt === undefined ? refuseAnswer('The receipt of the answer has another form.') : true;
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (bytes[at] !== text.codePointAt(at)) return false;
  return true;
}

import { concatBytes, equalBytes } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { FrameReader } from '../src/protocol/frame-reader.ts';
import { encodeMessage, type Message } from '../src/protocol/messages.ts';

const nonce = new Uint8Array(32);
const none = new Uint8Array();
const quote = new Uint8Array(50).fill(9);

export const seeds: readonly Uint8Array[] = (
  [
    { kind: 'challenge', nonce, leastMode: 'cached' },
    { kind: 'nonce', nonce },
    { kind: 'evidence', mode: 'fresh', quote, signature: none, endorsements: quote },
    { kind: 'evidence', mode: 'cached', quote: none, signature: quote, endorsements: none },
    { kind: 'accepted' },
    { kind: 'refused', reason: 'policy' },
  ] satisfies readonly Message[]
).map(encodeMessage);

/** A peer's bytes, whole and one after the other: the same messages, which encode to what was read, or a refusal. */
export function fuzz(data: Uint8Array): void {
  const whole = messagesOf([data]);
  const single = messagesOf(Array.from(data, (byte) => Uint8Array.of(byte)));
  if (!equalBytes(whole, single)) throw new Error('The messages depend on how they were cut.');
  if (!equalBytes(whole, data.subarray(0, whole.length))) throw new Error('A message has two encodings.');
}

function messagesOf(chunks: readonly Uint8Array[]): Uint8Array {
  const reader = new FrameReader();
  const read: Uint8Array[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let message = reader.next(); message !== undefined; message = reader.next()) {
        read.push(encodeMessage(message));
      }
    }
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
  return concatBytes(...read);
}

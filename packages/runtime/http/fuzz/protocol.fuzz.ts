import { isDeepStrictEqual } from 'node:util';
import { samples, small } from '../test/messages.ts';
import { converse } from '../test/protocol.ts';

export const seeds: readonly Uint8Array[] = [
  ...samples,
  Buffer.concat(samples.slice(0, 6)),
  Buffer.from(
    'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  ),
];

/** Any bytes are the same requests and the same answers in whatever pieces they come, and each answer is one. */
export function fuzz(data: Uint8Array): void {
  const { heldBytes, ...whole } = converse(data, Math.max(1, data.length), small);
  if (heldBytes > data.length) throw new RangeError('More is held than came.');
  for (const sizeBytes of [1, 2, 7, 31]) {
    const { heldBytes: _held, ...inPieces } = converse(data, sizeBytes, small);
    if (!isDeepStrictEqual(inPieces, whole)) throw new Error(`Pieces of ${sizeBytes} bytes are read differently.`);
  }
  const requests = whole.events.filter((_, index) => index % 2 === 0).length;
  const answers = whole.written.match(/HTTP\/1\.1 [2-5]\d\d /g)?.length ?? 0;
  if (answers > requests + 1) throw new Error('There are more answers than requests.');
}

import { isDeepStrictEqual } from 'node:util';
import { isEnclosError } from '@enclos/errors';
import { ResponseReader } from '../src/reading/response-reader.ts';

const limits = { maxHeaderBytes: 1000, maxHeaders: 20, maxBodyBytes: 1000 };

export const seeds: readonly Uint8Array[] = [
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nab',
  'HTTP/1.1 200\r\nX: a\r\nx: b\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n1\r\nb\r\n0\r\nX: c\r\n\r\n',
  'HTTP/1.1 100 Continue\r\nX: b\r\n\r\nHTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
].map((text) => Buffer.from(text, 'latin1'));

/** What was read of an answer in pieces of this size. */
function read(data: Uint8Array, sizeBytes: number): unknown {
  const pieces: Buffer[] = [];
  // Pieces share the memory of what is read.
  const reader = new ResponseReader(limits, (piece) => void pieces.push(Buffer.from(piece)));
  try {
    for (let at = 0; at < data.length && !reader.isDone; at += sizeBytes) {
      reader.read(Buffer.from(data.subarray(at, at + sizeBytes)));
    }
  } catch (error) {
    if (!isEnclosError(error, 'HTTP_MESSAGE_REFUSED')) throw error;
    return { refused: error.message };
  }
  const { isDone, status, headers } = reader;
  const body = Buffer.concat(pieces);
  if (body.length > limits.maxBodyBytes) throw new RangeError('A body over its bound was read.');
  if (isDone && (status < 200 || status > 599)) throw new RangeError('An answer has no status of one.');
  return isDone ? { status, headers: [...headers], body: body.toString('hex') } : 'unfinished';
}

/** Any bytes are one answer, a part of one, or refused: the same in whatever pieces they come. */
export function fuzz(data: Uint8Array): void {
  const whole = read(data, Math.max(1, data.length));
  for (const sizeBytes of [1, 2, 7, 31]) {
    if (!isDeepStrictEqual(read(data, sizeBytes), whole)) {
      throw new Error(`Pieces of ${sizeBytes} bytes are read differently.`);
    }
  }
}

import type { IncomingMessage } from 'node:http';
import type { BodyRoom } from '@enclos/bounded';
import { ByteWriter } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

export interface BodyOptions {
  readonly maxBytes: number;
  readonly room: BodyRoom;
}

/**
 * Reads a body whole. Bytes count when they have come, not when they are announced: a client that takes room has to send.
 * @throws ADMISSION_BODY_TOO_LARGE; ADMISSION_BUSY when there is no room, or another body needed it and this one was too
 *   slow: then the connection is closed; the stream's own error when the client goes away
 */
export async function readBody(request: IncomingMessage, { maxBytes, room }: BodyOptions): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const share = room.share({
    peer: request.socket.remoteAddress ?? '',
    onEvicted: () => void request.destroy(new EnclosError('ADMISSION_BUSY')),
  });
  // Not a list of what came: a client that sends single bytes must not cost an object for each.
  const bytes = new ByteWriter({ maxBytes });
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (bytes.length + chunk.length > maxBytes) throw tooLarge(maxBytes);
      if (!share.take(chunk.length)) throw new EnclosError('ADMISSION_BUSY');
      bytes.bytes(chunk);
    }
    return bytes.finish();
  } finally {
    share.release();
  }
}

function tooLarge(maxBytes: number): EnclosError {
  return new EnclosError('ADMISSION_BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`);
}

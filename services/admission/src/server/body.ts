import type { IncomingMessage } from 'node:http';
import { EnclosError } from '@enclos/errors';

/** Counts bytes of unfinished requests. */
export interface ByteBudget {
  /** False, and nothing is taken, when that is more than is left. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
  readonly held: number;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let held = 0;
  return Object.freeze({
    take(bytes: number) {
      if (held + bytes > maxBytes) return false;
      held += bytes;
      return true;
    },
    giveBack(bytes: number) {
      held -= bytes;
    },
    get held() {
      return held;
    },
  });
}

export interface BodyOptions {
  readonly maxBytes: number;
  readonly budget: ByteBudget;
}

/**
 * Reads a body whole. Bytes count when they have come, not when they are announced: a client that takes from the
 * budget has to send.
 * @throws ADMISSION_BODY_TOO_LARGE, ADMISSION_BUSY; the stream's own error when the client goes away
 */
export async function readBody(request: IncomingMessage, { maxBytes, budget }: BodyOptions): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (length + chunk.length > maxBytes) throw tooLarge(maxBytes);
      if (!budget.take(chunk.length)) throw new EnclosError('ADMISSION_BUSY');
      chunks.push(chunk);
      length += chunk.length;
    }
    return Buffer.concat(chunks, length);
  } finally {
    budget.giveBack(length);
  }
}

function tooLarge(maxBytes: number): EnclosError {
  return new EnclosError('ADMISSION_BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`);
}

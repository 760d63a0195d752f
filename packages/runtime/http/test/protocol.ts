import { isEnclosError } from '@enclos/errors';
import type { HttpLimits } from '../src/limits.ts';
import { ServerProtocol } from '../src/server/protocol.ts';
import type { Sendable } from '../src/writing/response.ts';
import { sentText } from './sent.ts';

/** What a protocol makes of bytes: the requests in them, the answers to them, and how it ends. */
export interface Conversation {
  readonly events: readonly string[];
  readonly written: string;
  /** The status of a refusal. */
  readonly refused: number | undefined;
  /** The most that was held back at once. */
  readonly heldBytes: number;
}

/** Answers every request of these bytes, which come in pieces of this size: one answer is whole, the next one in pieces. */
export function converse(bytes: Uint8Array, sizeBytes: number, limits: HttpLimits): Conversation {
  const protocol = new ServerProtocol(limits, () => '');
  const events: string[] = [];
  const written: Sendable[] = [];
  let body = '';
  let heldBytes = 0;
  const answer = (): void => {
    if (events.length % 2 === 0) {
      written.push(...protocol.respond({ status: 200, body: 'a' }, false));
    } else {
      const { head, takesPieces } = protocol.respondInPieces({ status: 200 }, false);
      written.push(head, ...(takesPieces ? [...protocol.piece('a'), ...protocol.lastPiece()] : []));
    }
  };
  const take = (): boolean => {
    const event = protocol.next();
    if (event === undefined) return false;
    if (event.type === 'head') {
      const { method, path, minorVersion } = event.head;
      events.push(`${method} ${path} ${minorVersion}`);
      protocol.openBody(limits.maxBodyBytes);
      body = '';
    } else if (event.type === 'data') {
      body += event.bytes.toString('latin1');
    } else {
      events.push(body);
      answer();
      if (!protocol.staysOpen) return false;
      protocol.nextRequest();
    }
    return true;
  };
  const result = (refused?: number): Conversation => ({
    // What is incomplete depends on the pieces.
    events,
    written: sentText(written),
    refused,
    heldBytes,
  });
  try {
    for (let at = 0; at < bytes.length; at += sizeBytes) {
      protocol.receive(Buffer.from(bytes.subarray(at, at + sizeBytes)));
      while (take());
      if (protocol.answer === 'complete') return result();
      heldBytes = Math.max(heldBytes, protocol.heldBytes);
    }
    return result();
  } catch (error) {
    if (!isEnclosError(error, 'HTTP_MESSAGE_REFUSED')) throw error;
    const status = Number(error.details['status']);
    written.push(...protocol.refuse(status));
    return result(status);
  }
}

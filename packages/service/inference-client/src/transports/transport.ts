import type { BhttpEvent, BhttpResponseHead } from '@enclos/hpke';
import { BodyPieces } from '../outer-http.ts';
import type { AttestedService } from '../attested-service.ts';
import type { InnerRequest } from '../request.ts';

export type AnswerEvent = BhttpEvent<BhttpResponseHead>;

/**
 * The parts of an answer as they become known, its head first: as many at a time as a piece of the body holds. An iterator of single events
 * in others takes longer than opening them.
 */
export interface AnswerEvents {
  /** Undefined at the end. What it throws ends the answer. */
  next(): Promise<readonly AnswerEvent[] | undefined>;
  /** The rest is not wanted. */
  cancel(): Promise<void>;
}

/** What reads the events of an answer out of its body. */
export interface AnswerReading {
  /** Those that are known before the body. */
  readonly first?: readonly AnswerEvent[];
  readonly push: (piece: Uint8Array) => Promise<readonly AnswerEvent[]>;
  readonly end: () => Promise<readonly AnswerEvent[]>;
}

/** The events of an answer whose body arrives. */
export function eventsOf(
  body: ReadableStream<Uint8Array> | null,
  { first = [], push, end }: AnswerReading,
): AnswerEvents {
  const pieces = new BodyPieces(body);
  let known = first;
  let isOver = false;
  const read = async (): Promise<readonly AnswerEvent[] | undefined> => {
    while (!isOver) {
      // Pieces are read in their order.
      // eslint-disable-next-line no-await-in-loop
      const piece = await pieces.next();
      isOver = piece === undefined;
      // eslint-disable-next-line no-await-in-loop
      const events = await (piece === undefined ? end() : push(piece));
      if (events.length > 0) return events;
    }
    return undefined;
  };
  return {
    async next() {
      if (known.length > 0) {
        const events = known;
        known = [];
        return events;
      }
      try {
        return await read();
      } catch (error) {
        isOver = true;
        await pieces.cancel();
        throw error;
      }
    },
    cancel: async () => pieces.cancel(),
  };
}

/** A way in which requests reach an attested service. */
export interface Transport {
  /**
   * Sends a request once.
   *
   * @throws HPKE_KEY_STALE, HPKE_OPEN_FAILED, HPKE_SESSION_GONE, INFERENCE_SERVICE_UNREACHABLE, INFERENCE_ANSWER_REFUSED; the events throw
   * what the rest of the answer is refused with.
   */
  send(service: AttestedService, request: InnerRequest, signal: AbortSignal | undefined): Promise<AnswerEvents>;
  /** What was agreed with a service does not count any more. */
  forget(service: AttestedService): void;
}

export interface TransportOptions {
  readonly nowMs: () => number;
  readonly maxAnswerBytes: number;
}

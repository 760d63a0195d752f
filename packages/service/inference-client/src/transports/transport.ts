import type { BhttpEvent, BhttpResponseHead } from '@enclos/hpke';
import type { AttestedService } from '../attested-service.ts';
import type { InnerRequest } from '../request.ts';

/** The parts of an answer as they become known: its head, then its content. */
export type AnswerEvents = AsyncGenerator<BhttpEvent<BhttpResponseHead>>;

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

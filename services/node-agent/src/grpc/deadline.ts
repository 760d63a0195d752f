import { underDeadline, untilAborted } from '@enclos/bounded';
import { EnclosError } from '@enclos/errors';

/**
 * How long the kubelet waits for an answer at most. It sets no deadline itself (`endpointImpl.allocate` in
 * pkg/kubelet/cm/devicemanager/endpoint.go), and starts no other pod of the node meanwhile.
 */
const defaultAnswerMs = 5000;

/** Requests in progress at once: more than a node has pods. A kubelet makes one after the other. */
const maxRequests = 256;

export interface Deadline {
  /**
   * Waits for work, but not longer than the time for an answer.
   * @throws AGENT_TOO_SLOW when the time is up; the work may still go on, and counts as in progress until it ends.
   * @throws AGENT_BUSY at once when too much work is in progress.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createDeadline(limitMs: number = defaultAnswerMs): Deadline {
  let inProgress = 0;
  return Object.freeze({
    async run<T>(work: () => Promise<T>): Promise<T> {
      if (inProgress >= maxRequests) {
        throw new EnclosError('AGENT_BUSY', `${inProgress} requests of the kubelet are in progress.`);
      }
      inProgress += 1;
      const working = work().finally(() => {
        inProgress -= 1;
      });
      return await underDeadline(limitMs, (signal) =>
        untilAborted(signal, working).catch((error: unknown) => {
          if (error !== signal.reason) throw error;
          throw new EnclosError('AGENT_TOO_SLOW', `The node agent had no answer within ${limitMs / 1000} seconds.`);
        }),
      );
    },
  });
}

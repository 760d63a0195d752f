import { BoundedMap } from '@enclos/bounded';
import { Refusal } from '../refusal.ts';

export interface RateLimit {
  /** Takes one request. @throws SERVICE_RATE_LIMITED, with how many seconds to wait */
  take(): void;
}

/**
 * A bucket of as many tokens as come in a second, at least one. It is full at the beginning.
 * @param perSecond 0 for no limit.
 * @param elapsed milliseconds; a clock that goes back gives nothing.
 */
export function createRateLimit(perSecond: number, elapsed: () => number): RateLimit {
  if (perSecond === 0) return { take: () => undefined };
  const most = Math.max(1, perSecond);
  let [tokens, filledAt] = [most, elapsed()];
  return Object.freeze<RateLimit>({
    take() {
      const at = elapsed();
      tokens = Math.min(most, tokens + (Math.max(0, at - filledAt) * perSecond) / 1000);
      filledAt = at;
      if (tokens < 1) {
        const seconds = Math.ceil((1 - tokens) / perSecond);
        throw new Refusal('SERVICE_RATE_LIMITED', `Too many requests. Try again in ${seconds} s.`, {
          details: { retryAfterSeconds: seconds },
          explanation: { rule: 'rate-limit' },
        });
      }
      tokens -= 1;
    },
  });
}

export interface ClientRateLimit {
  /** Takes one request of a client. @throws SERVICE_RATE_LIMITED, with how many seconds to wait */
  take(client: string): void;
}

/** Buckets that are kept: those of the clients that asked last. */
const mostClients = 4096;

/**
 * A bucket for each client, so that none can use up what is another's. A client that has not asked for longer than as many
 * others have come begins again with a full bucket.
 * @param perSecond 0 for no limit.
 */
export function createClientRateLimit(perSecond: number, elapsed: () => number): ClientRateLimit {
  if (perSecond === 0) return { take: () => undefined };
  const buckets = new BoundedMap<RateLimit>(mostClients);
  return Object.freeze<ClientRateLimit>({
    take(client) {
      let bucket = buckets.get(client);
      if (bucket === undefined) {
        bucket = createRateLimit(perSecond, elapsed);
        buckets.set(client, bucket);
      }
      bucket.take();
    },
  });
}

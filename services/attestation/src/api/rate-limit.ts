import { ServiceError } from './service-error.ts';

export interface RateLimit {
  /** Takes one request. @throws ServiceError TooManyRequests, with how many seconds to wait */
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
        throw new ServiceError(429, 'TooManyRequests', `Too many requests. Try again in ${seconds} s.`, {
          headers: { 'retry-after': String(seconds) },
          details: { rule: 'rate-limit' },
        });
      }
      tokens -= 1;
    },
  });
}

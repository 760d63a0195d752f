import { createHash } from 'node:crypto';
import type { Endorsements, QuoteVerdict } from '@enclos/attestation';

/** How long a verdict is used again. `appraise` compares dates with its own time each time, so this bounds memory of the rest. */
const maximumAgeMs = 60_000;
const maximumVerdicts = 64;

interface Remembered {
  readonly verdict: QuoteVerdict;
  readonly atMs: number;
}

/**
 * Verdicts on quotes that come again and again: those in certificates. A
 * verdict is about one quote and one set of endorsements, new ones make a new
 * one, and it holds no decision: policy, dates and binding are looked at anew.
 */
export class VerdictMemory {
  readonly #byEndorsements = new WeakMap<Endorsements, Map<string, Remembered>>();

  async verdictOn(
    quote: Uint8Array,
    {
      endorsements,
      now,
      verify,
    }: {
      readonly endorsements: Endorsements;
      readonly now: Date;
      readonly verify: () => Promise<QuoteVerdict>;
    },
  ): Promise<QuoteVerdict> {
    const verdicts = this.#byEndorsements.get(endorsements) ?? new Map<string, Remembered>();
    this.#byEndorsements.set(endorsements, verdicts);
    const key = createHash('sha256').update(quote).digest('base64');
    const known = verdicts.get(key);
    const ageMs = now.getTime() - (known?.atMs ?? Number.NaN);
    if (known !== undefined && ageMs >= 0 && ageMs <= maximumAgeMs) return known.verdict;
    const verdict = await verify();
    verdicts.delete(key);
    verdicts.set(key, { verdict, atMs: now.getTime() });
    const [oldest] = verdicts.keys();
    if (verdicts.size > maximumVerdicts && oldest !== undefined) verdicts.delete(oldest);
    return verdict;
  }
}

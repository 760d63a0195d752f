import { createHash } from 'node:crypto';
import { AgedMap } from '@enclos/bounded';
import type { Endorsements, QuoteVerdict } from '@enclos/attestation';

/** How long a verdict is used again. `appraise` compares dates with its own time each time, so this bounds memory of the rest. */
const maximumAgeMs = 60_000;
const maximumVerdicts = 64;

/**
 * Verdicts on quotes that come again and again: those in certificates. A
 * verdict is about one quote and one set of endorsements, new ones make a new
 * one, and it holds no decision: policy, dates and binding are looked at anew.
 */
export class VerdictMemory {
  readonly #byEndorsements = new WeakMap<Endorsements, AgedMap<QuoteVerdict>>();

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
    const verdicts = this.#byEndorsements.get(endorsements) ?? new AgedMap<QuoteVerdict>(maximumVerdicts, maximumAgeMs);
    this.#byEndorsements.set(endorsements, verdicts);
    const key = createHash('sha256').update(quote).digest('base64');
    const known = verdicts.get(key, now.getTime());
    if (known !== undefined) return known;
    const verdict = await verify();
    verdicts.set(key, verdict, now.getTime());
    return verdict;
  }
}

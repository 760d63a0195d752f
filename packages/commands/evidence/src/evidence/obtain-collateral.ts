import type { QuoteCollateral } from '@enclos/attestation';
import {
  fetchEndorsements,
  type EndorsementFacts,
  type FetchedEndorsements,
  type FetchOptions,
  type SnpCollateral,
  type Source,
} from '@enclos/endorsements';
import { openDiskCache } from '@enclos/endorsements/node';

export interface ObtainCollateralOptions {
  readonly facts: EndorsementFacts;
  readonly source: Source;
  readonly cacheFolder: string;
  readonly baseline: Pick<FetchOptions, 'update' | 'evaluationNumber'>;
  readonly refresh: boolean;
  readonly offline: boolean;
  readonly now: () => Date;
}

/** What verifies evidence, from cache or source. @throws what `openDiskCache` and `fetchEndorsements` throw */
export async function obtainCollateral(
  options: ObtainCollateralOptions,
): Promise<FetchedEndorsements<QuoteCollateral | SnpCollateral>> {
  const { facts, source, baseline, refresh, offline, now } = options;
  const store = await openDiskCache({ folder: options.cacheFolder });
  return fetchEndorsements(facts, { source, store, refresh, offline, now, ...baseline });
}

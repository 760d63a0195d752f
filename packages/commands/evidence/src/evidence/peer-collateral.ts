import { isEnclosError } from '@enclos/errors';
import { collateralOfPeer, type PresentedEvidence } from '@enclos/atls';
import { fetchCollateralFor, readCollateralFile, type CollateralFetch } from './collateral-of.ts';

/** Where the collateral of a server comes from. What the server sends is fetched when it sends none. */
export type CollateralChoice =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'server' | 'source'; readonly fetch: CollateralFetch };

/**
 * Collateral for what a server shows.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, and what `fetchCollateralFor` throws
 */
export async function collateralOfServer(presented: PresentedEvidence, choice: CollateralChoice): Promise<unknown> {
  if (choice.from === 'file') return (await readCollateralFile(choice.file)).json;
  try {
    if (choice.from === 'server') return collateralOfPeer(presented);
  } catch (error) {
    if (!isEnclosError(error, 'ATLS_COLLATERAL_MISSING')) throw error;
  }
  const evidence = { form: 'quote', bytes: presented.quote } as const;
  return (await fetchCollateralFor(evidence, { fetch: choice.fetch }, undefined)).json;
}

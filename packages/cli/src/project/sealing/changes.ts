import type { Sealer } from './sealer.ts';

/** What the next run is, in the terms of {@link Sealer}. */
export type NextSealer = Omit<Sealer, 'lastRunMs'>;

/** One thing that a sealing key depends on. */
export interface Change {
  readonly what: 'signer' | 'mode' | 'product' | 'platform' | 'security version';
  readonly before: string;
  readonly now: string;
}

/** Enough digits to tell the identities on one screen apart. */
const shortDigits = 16;
const short = (hex: string): string => `${hex.slice(0, shortDigits)}…`;
const modeOf = ({ debug }: NextSealer): string => (debug ? 'debug' : 'production');

/**
 * What differs, of all that the key of a blob sealed to the signer depends on (SDM vol. 3D, EGETKEY). Empty when the later enclave
 * opens what the earlier one sealed.
 */
export function changesBetween(before: NextSealer, now: NextSealer): readonly Change[] {
  const changes: Change[] = [];
  const compare = (what: Change['what'], show: (sealer: NextSealer) => string, isSame: boolean): void => {
    if (!isSame) changes.push({ what, before: show(before), now: show(now) });
  };
  compare('signer', ({ mrSigner }) => `MRSIGNER ${short(mrSigner)}`, before.mrSigner === now.mrSigner);
  compare('mode', modeOf, before.debug === now.debug);
  compare('product', ({ productId }) => String(productId), before.productId === now.productId);
  compare(
    'platform',
    ({ platform, platformRoot }) => `${platform} (root ${short(platformRoot)})`,
    before.platformRoot === now.platformRoot,
  );
  // A later version opens what an earlier one sealed.
  compare(
    'security version',
    ({ securityVersion }) => String(securityVersion),
    before.securityVersion <= now.securityVersion,
  );
  return changes;
}

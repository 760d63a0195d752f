import { runSync, type SyncCrypto } from '../crypto/node-crypto.ts';
import { cacheFor } from '../dcap/verifier-cache.ts';
import type { SnpEndorsements } from '../snp/endorsements.ts';
import type { SnpVerdict } from '../snp/verdict.ts';
import { snpReportSteps, type SnpVerifyOptions } from '../snp/verify.ts';

export interface SnpVerifySyncOptions extends Omit<SnpVerifyOptions, 'subtle'> {
  /** node:crypto unless given. */
  readonly crypto?: SyncCrypto;
}

/** `verifySnpReport` on node:crypto: the same steps, without waiting. */
export function verifySnpReportSync(
  report: Uint8Array,
  endorsements: SnpEndorsements,
  options: SnpVerifySyncOptions,
): SnpVerdict {
  return runSync(
    snpReportSteps(report, endorsements, { ...options, cache: options.cache ?? cacheFor(options.crypto) }),
    options.crypto,
  );
}

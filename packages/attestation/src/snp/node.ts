import { runSync } from '../node/node-crypto.ts';
import type { SnpEndorsements } from './endorsements.ts';
import type { SnpVerdict } from './verdict.ts';
import { snpReportSteps, type SnpVerifyOptions } from './verify.ts';

/** `verifySnpReport` on node:crypto: the same steps, without waiting. */
export function verifySnpReportSync(
  report: Uint8Array,
  endorsements: SnpEndorsements,
  options: Omit<SnpVerifyOptions, 'subtle'>,
): SnpVerdict {
  return runSync(snpReportSteps(report, endorsements, options));
}

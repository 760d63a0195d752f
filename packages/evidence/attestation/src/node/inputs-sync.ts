import { reportDataSteps, type ReportDataInputs } from '../appraisal/binding.ts';
import { softwareRootSteps, type TrustedRoot } from '../dcap/roots.ts';
import { runSync } from '../crypto/node-crypto.ts';

/** `softwareRoot` of the main entry, without a promise. @throws VERIFIER_MISUSED as it does. */
export function softwareRootSync(certificate: string | Uint8Array): TrustedRoot {
  return runSync(softwareRootSteps(certificate));
}

/** `boundReportData` of the main entry, without a promise. @throws VERIFIER_MISUSED as it does. */
export function boundReportDataSync(inputs: Omit<ReportDataInputs, 'subtle'>): Uint8Array {
  return runSync(reportDataSteps(inputs));
}

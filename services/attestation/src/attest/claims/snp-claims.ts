import type { SnpReportFacts } from '@enclos/attestation';
import type { ScalarClaims } from './tee-claims.ts';

/** Claims of a VM under SEV-SNP. Byte fields are lower-case hex; the versions are those that the platform reports. */
export function snpClaims(report: SnpReportFacts): ScalarClaims {
  const { policy, tcb } = report;
  return {
    'x-ms-sevsnpvm-authorkeydigest': report.authorKeyDigest,
    'x-ms-sevsnpvm-bootloader-svn': tcb.reported.bootloader,
    'x-ms-sevsnpvm-familyId': report.familyId,
    'x-ms-sevsnpvm-guestsvn': report.guestSvn,
    'x-ms-sevsnpvm-hostdata': report.hostData,
    'x-ms-sevsnpvm-idkeydigest': report.idKeyDigest,
    'x-ms-sevsnpvm-imageId': report.imageId,
    'x-ms-sevsnpvm-is-debuggable': policy.debugAllowed,
    'x-ms-sevsnpvm-launchmeasurement': report.measurement,
    'x-ms-sevsnpvm-microcode-svn': tcb.reported.microcode,
    'x-ms-sevsnpvm-migration-allowed': policy.migrationAgentAllowed,
    'x-ms-sevsnpvm-reportdata': report.reportData,
    'x-ms-sevsnpvm-reportid': report.reportId,
    'x-ms-sevsnpvm-smt-allowed': policy.smtAllowed,
    'x-ms-sevsnpvm-snpfw-svn': tcb.reported.snp,
    'x-ms-sevsnpvm-tee-svn': tcb.reported.tee,
    'x-ms-sevsnpvm-vmpl': report.vmpl,
  };
}

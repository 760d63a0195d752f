import type { QuoteVerdict, SnpVerdict } from '@enclos/attestation';
import type { JsonClaims } from '../../tokens/signer.ts';
import { tcbStatusName } from '../../configuration/tcb-statuses.ts';

/** `x-enclos-tcb` of a quote: what the platform is worth, by which collateral. */
export function quoteTcb(verdict: QuoteVerdict): JsonClaims {
  const { status, advisoryIds, tcbEvaluationDataNumbers: numbers, root, collateral, verifiedAt } = verdict;
  return {
    status: tcbStatusName(status),
    qeStatus: tcbStatusName(verdict.qeStatus),
    advisoryIds: [...advisoryIds],
    evaluationDataNumber: Math.min(numbers.tcbInfo, numbers.qeIdentity),
    collateralIssuedAt: collateral.earliestIssueDate,
    collateralExpiresAt: collateral.earliestExpiration,
    verifiedAt,
    root: { kind: root.kind, fingerprint: root.fingerprint },
    // Last: members that follow a spread are added one by one.
    ...(verdict.moduleStatus === undefined ? {} : { moduleStatus: tcbStatusName(verdict.moduleStatus) }),
    ...(verdict.tcbDate === undefined ? {} : { tcbDate: verdict.tcbDate }),
  };
}

/** Those of them that a policy can look at. */
export interface QuoteTcbIncoming {
  readonly 'x-enclos-root': string;
  readonly 'x-enclos-tcb-status': string;
  readonly 'x-enclos-tcb-evaluation-number': number;
}

export function quoteTcbIncoming(verdict: QuoteVerdict): QuoteTcbIncoming {
  const { tcbInfo, qeIdentity } = verdict.tcbEvaluationDataNumbers;
  return {
    'x-enclos-root': verdict.root.kind,
    'x-enclos-tcb-status': tcbStatusName(verdict.status),
    'x-enclos-tcb-evaluation-number': Math.min(tcbInfo, qeIdentity),
  };
}

/** `x-enclos-tcb` of a report of SEV-SNP. AMD has no statuses: relying parties compare the versions. */
export function reportTcb({
  product,
  report,
  root,
  signingKey,
  revocation,
  dates,
  verifiedAt,
}: SnpVerdict): JsonClaims {
  return {
    product,
    reported: { ...report.tcb.reported },
    committed: { ...report.tcb.committed },
    launch: { ...report.tcb.launch },
    signingKey: signingKey.kind,
    revocation,
    collateralExpiresAt: dates.earliestExpiration,
    verifiedAt,
    root: { kind: 'amd', fingerprint: root.fingerprint },
  };
}

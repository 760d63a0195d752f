import type { QuoteVerdict } from '@enclos/attestation';
import { isDebugVerdict } from '@enclos/attestation/explain';
import type { EnclosError } from '@enclos/errors';
import type { AnyVerdict } from '@enclos/evidence/verify';
import { adviceFor, collateralAge } from '../../evidence/advice.ts';
import type { AnyVerifiedEvidence } from '../../evidence/verify-evidence.ts';
import { azureJson } from './render-azure.ts';
import { snpJson, snpSummary } from './render-snp.ts';
import type { ShownOutcome } from './render.ts';

/**
 * An outcome for programs. `status`, the statuses of the parts, `advisoryIds`,
 * `tcbDate` and `steps` come first; of a refusal, `status`, `step` and `reason`.
 */
export function verificationJson(outcome: ShownOutcome): Readonly<Record<string, unknown>> {
  const { steps, verdict, validity, evidence, binding, refusal, certificate, path, trailingBytes, notices } = outcome;
  return {
    ...(verdict === undefined ? {} : summaryOf(verdict)),
    ...(refusal === undefined ? {} : refusalJson(refusal)),
    ...(validity === undefined ? {} : { validity }),
    steps,
    ...(verdict === undefined ? {} : detailsOf(verdict)),
    ...(outcome.onlyHardware === true ? { onlyHardware: true } : {}),
    ...(certificate === undefined ? {} : { certificate }),
    foundIn: path,
    trailingBytes,
    notices,
    rootsNamed: outcome.rootsNamed,
    appraised: evidence !== undefined,
    ...(evidence === undefined ? {} : { binding, appraisedAt: appraisedAt(evidence) }),
  };
}

/** The status of an Azure VM is that of its hardware. */
function summaryOf(verdict: AnyVerdict): Readonly<Record<string, unknown>> {
  if (verdict.tee === 'azure-vtpm') return { ...summaryOf(verdict.hardware), tee: verdict.tee };
  return verdict.tee === 'sev-snp' ? snpSummary(verdict) : summary(verdict);
}

function detailsOf(verdict: AnyVerdict): Readonly<Record<string, unknown>> {
  if (verdict.tee === 'azure-vtpm') return azureJson(verdict, detailsOf(verdict.hardware));
  return verdict.tee === 'sev-snp' ? snpJson(verdict) : quoteJson(verdict);
}

function appraisedAt(evidence: AnyVerifiedEvidence): string {
  return evidence.tee === 'azure-vtpm' ? evidence.hardware.appraisedAt : evidence.appraisedAt;
}

/** The step, and the status of evidence; a policy leaves the status as it is. */
function refusalJson({ code, message, details }: EnclosError): Readonly<Record<string, unknown>> {
  if (code === 'APPRAISAL_REFUSED') return { step: 'appraisal', rule: details['field'], reason: message };
  const step = code === 'ENDORSEMENTS_INVALID' ? 'collateral' : details['step'];
  return { status: details['status'], step, reason: message };
}

function quoteJson(verdict: QuoteVerdict): Readonly<Record<string, unknown>> {
  return { verdict: verdictJson(verdict), collateral: collateralAge(verdict), advice: adviceFor(verdict) };
}

function summary(verdict: QuoteVerdict): Readonly<Record<string, unknown>> {
  const { tee, status, platformStatus, moduleStatus, qeStatus, advisoryIds, tcbDate } = verdict;
  return { status, tee, platformStatus, moduleStatus, qeStatus, advisoryIds, tcbDate };
}

function verdictJson(verdict: QuoteVerdict): Readonly<Record<string, unknown>> {
  const {
    status,
    platformStatus,
    moduleStatus,
    qeStatus,
    advisoryIds,
    shortfall,
    root,
    fmspc,
    collateral,
    tcbDate,
    tcbEvaluationDataNumbers,
    verifiedAt,
  } = verdict;
  return {
    ...identityJson(verdict),
    debug: isDebugVerdict(verdict),
    reportData: verdict.report.reportData,
    status,
    platformStatus,
    moduleStatus,
    qeStatus,
    tcbDate,
    advisoryIds,
    shortfall,
    tcbEvaluationDataNumbers,
    fmspc,
    root: { kind: root.kind, fingerprint: root.fingerprint },
    collateral,
    verifiedAt,
  };
}

function identityJson(verdict: QuoteVerdict): Readonly<Record<string, unknown>> {
  const { tee, quoteVersion, bodyType } = verdict;
  if (verdict.tee === 'tdx') {
    const { launch, current, report } = verdict;
    const { mrTd, mrSeam, mrServiceTd, rtmr0, rtmr1, rtmr2, rtmr3 } = report;
    return { tee, quoteVersion, bodyType, mrTd, mrSeam, mrServiceTd, rtmr0, rtmr1, rtmr2, rtmr3, launch, current };
  }
  const { mrEnclave, mrSigner, isvProdId: productId, isvSvn: securityVersion } = verdict.report;
  return { tee, quoteVersion, bodyType, mrEnclave, mrSigner, productId, securityVersion };
}

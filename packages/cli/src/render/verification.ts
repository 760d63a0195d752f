import type { QuoteVerdict, StepResult, VerifiedEvidence } from '@enclos/attestation';
import { Attribute, TdAttribute } from '@enclos/sgx';
import type { VerifyOutcome } from '../actions/verify.ts';
import type { Printer } from './printer.ts';
import { markOf, renderFacts, type Mark } from './table.ts';

const stepMarks: Readonly<Record<StepResult['status'], Mark>> = {
  passed: 'ok',
  failed: 'failure',
  'not reached': 'info',
};

/** The steps, the verdict, and whether anything was appraised. */
export function renderVerification({ steps, verdict, evidence, refusal }: VerifyOutcome, printer: Printer): void {
  for (const { number, title, status } of steps) {
    printer.line(`${String(number).padStart(2)} ${markOf(stepMarks[status], printer)} ${title}`);
  }
  printer.line();
  if (verdict === undefined) return;
  printer.line(printer.paint('bold', 'The quote is genuine. It says:'));
  renderFacts(
    Object.entries(verdictFacts(verdict)).map(([name, value]) => [name, String(value)]),
    printer,
  );
  printer.line();
  if (evidence !== undefined) printer.line(`${markOf('ok', printer)} ${accepted(evidence)}`);
  else if (refusal === undefined) {
    printer.line(
      `${markOf('warning', printer)} Nothing was appraised: this is a genuine quote of some enclave. Decide with --policy.`,
    );
  }
}

function accepted({ binding }: VerifiedEvidence): string {
  return binding.kind === 'unbound'
    ? `The policy accepts it, unbound: ${binding.reason}`
    : 'The policy accepts it, and the report data is the expected one.';
}

function verdictFacts(verdict: QuoteVerdict): Readonly<Record<string, string | number | boolean>> {
  const { status, advisoryIds, root, collateral, tcbDate, verifiedAt } = verdict;
  return {
    ...identityFacts(verdict),
    debug: isDebug(verdict) ? 'yes: it keeps no secrets' : 'no',
    'report data': verdict.report.reportData,
    status,
    advisories: advisoryIds.length === 0 ? 'none' : advisoryIds.join(', '),
    'TCB date': tcbDate ?? 'none',
    root: `${root.kind} ${root.fingerprint}`,
    collateral:
      collateral.expired.length > 0
        ? `expired: ${collateral.expired.join(', ')}`
        : `good until ${collateral.earliestExpiration}`,
    'verified at': verifiedAt,
  };
}

function identityFacts(verdict: QuoteVerdict): Readonly<Record<string, string | number>> {
  if (verdict.tee === 'tdx') {
    const { mrTd, mrSeam, rtmr0, rtmr1, rtmr2, rtmr3 } = verdict.report;
    const { launch, current, moduleStatus = 'of version 0, without a status of its own' } = verdict;
    return {
      MRTD: mrTd,
      RTMR0: rtmr0,
      RTMR1: rtmr1,
      RTMR2: rtmr2,
      RTMR3: rtmr3,
      MRSEAM: mrSeam,
      'TDX module': moduleStatus,
      ...(launch === undefined || current === undefined
        ? {}
        : { 'at its launch': launch.status, 'at present': current.status }),
    };
  }
  const { mrEnclave, mrSigner, isvProdId, isvSvn } = verdict.report;
  return { MRENCLAVE: mrEnclave, MRSIGNER: mrSigner, product: isvProdId, 'security version': isvSvn };
}

function isDebug(verdict: QuoteVerdict): boolean {
  return verdict.tee === 'tdx'
    ? (verdict.report.tdAttributes & TdAttribute.DEBUG) !== 0n
    : (verdict.report.attributes.flags & Attribute.DEBUG) !== 0n;
}

/** The same for programs. */
export function verificationJson({ steps, verdict, evidence }: VerifyOutcome): Readonly<Record<string, unknown>> {
  return {
    steps,
    ...(verdict === undefined ? {} : { verdict: verdictJson(verdict) }),
    appraised: evidence !== undefined,
    ...(evidence === undefined ? {} : { binding: evidence.binding, appraisedAt: evidence.appraisedAt }),
  };
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
    debug: isDebug(verdict),
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

import type { QuoteVerdict } from '@enclos/attestation';
import { cautionsOf, isDebugVerdict } from '@enclos/attestation/explain';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import type { AnyVerdict, HardwareVerdict } from '@enclos/evidence/verify';
import { printable, type Printer } from '@enclos/command-line';
import type { VerifyOutcome } from './verify.ts';
import { adviceFor, collateralAge } from '../../evidence/advice.ts';
import { azureFacts } from './render-azure.ts';
import { snpAdvice, snpFacts } from './render-snp.ts';
import { datesWarnings, datesWords, stepMark } from './validity.ts';

/** An outcome, and whether the trusted roots were named. */
export interface ShownOutcome extends VerifyOutcome {
  readonly rootsNamed: boolean;
}

/** What dates say, the steps, the verdict, what to do, and whether anything was appraised. */
export function renderVerification(outcome: ShownOutcome, printer: Printer): void {
  const { steps, verdict, refusal } = outcome;
  // The error that follows says what the input is. A list of steps that never began would hide it.
  if (outcome.noEvidence === true) return;
  for (const warning of datesWarnings(outcome)) printer.line(`${markOf('warning', printer)} ${printable(warning)}`);
  for (const step of steps) {
    printer.line(`${String(step.number).padStart(2)} ${markOf(stepMark(step, outcome), printer)} ${step.title}`);
  }
  printer.line();
  if (verdict !== undefined) renderVerdict(outcome, verdict, printer);
  for (const note of notesOf(outcome)) printer.line(`${markOf('warning', printer)} ${printable(note)}`);
  if (verdict === undefined) return;
  if (outcome.evidence !== undefined) {
    // Evidence that is accepted but bound to nothing gets no check mark: anyone can show old evidence of the same code.
    const mark = outcome.binding?.kind === 'unbound' ? 'warning' : 'ok';
    printer.line(`${markOf(mark, printer)} ${printable(accepted(outcome))}`);
  } else if (refusal === undefined) {
    const said = `Nothing was appraised: this is ${outcome.onlyHardware === true ? 'a genuine report of some paravisor' : wordsFor(verdict).genuine}. Decide with --policy.`;
    printer.line(`${markOf('warning', printer)} ${said}`);
  }
}

/** What evidence of a kind is called. */
function wordsFor({ tee }: AnyVerdict): { readonly what: string; readonly genuine: string } {
  if (tee === 'azure-vtpm') return { what: 'evidence', genuine: 'genuine evidence of some machine' };
  if (tee === 'sev-snp') return { what: 'report', genuine: 'a genuine report of some guest' };
  return { what: 'quote', genuine: `a genuine quote of some ${tee === 'tdx' ? 'trust domain' : 'enclave'}` };
}

function renderVerdict(outcome: ShownOutcome, verdict: AnyVerdict, printer: Printer): void {
  const but = outcome.validity?.inForce === false ? ', by collateral that was not in force' : '';
  printer.line(printer.paint('bold', `The ${wordsFor(verdict).what} is genuine${but}. It says:`));
  const hardware = (of: HardwareVerdict, carrier: Facts): void =>
    renderHardware(of, { carrier, isSound: outcome.validity?.inForce === true }, printer);
  if (verdict.tee !== 'azure-vtpm') return hardware(verdict, carrierWords(outcome));
  renderFacts(Object.entries({ ...azureFacts(verdict), ...carrierWords(outcome) }), printer);
  printer.line();
  printer.line(printer.paint('bold', 'The hardware below says about the paravisor:'));
  hardware(verdict.hardware, {});
}

type Facts = Readonly<Record<string, string>>;

function renderHardware(
  verdict: HardwareVerdict,
  { carrier, isSound }: { readonly carrier: Facts; readonly isSound: boolean },
  printer: Printer,
): void {
  const isSnp = verdict.tee === 'sev-snp';
  const facts = { ...(isSnp ? snpFacts(verdict) : verdictFacts(verdict)), ...carrier };
  renderFacts(
    Object.entries(facts).map(([name, value]) => [name, String(value)]),
    printer,
  );
  printer.line();
  const [meaning = '', ...details] = isSnp ? snpAdvice(verdict) : adviceFor(verdict);
  // People stop reading at a check mark, so there is none when anything else needs attention.
  const isGood = !isSnp && verdict.status === 'OK' && isSound && cautionsOf(verdict).length === 0;
  printer.line(`${markOf(isGood ? 'ok' : isSnp ? 'info' : 'warning', printer)} ${meaning}`);
  for (const detail of details) printer.line(`    ${printable(detail)}`);
}

/** What qualifies a result, in sentences. */
function notesOf(outcome: ShownOutcome): readonly string[] {
  const { trailingBytes, certificate, notices, rootsNamed, verdict } = outcome;
  const notes: string[] = verdict === undefined ? [] : [...cautionsOf(verdict)];
  if (outcome.onlyHardware === true) notes.push(verdict === undefined ? refusedHclNote : onlyHardwareNote);
  const trailing = `${trailingBytes} bytes follow the quote. They are not part of it, and were ignored.`;
  if (trailingBytes > 0) notes.push(trailing);
  if (certificate?.keyBound === undefined && certificate !== undefined) {
    notes.push('This tool does not know how this certificate ties its key to the quote, so anyone may have the key.');
  } else if (certificate?.keyBound === true && !certificate.keyProved) {
    notes.push(
      'The quote vouches for the key of the certificate. The server that shows the certificate must still prove that it has the key.',
    );
  }
  if (certificate?.otherCertificates !== undefined) {
    notes.push(
      `The evidence says nothing about the keys of other certificates in the input (${certificate.otherCertificates}).`,
    );
  }
  if (!rootsNamed && verdict !== undefined) {
    notes.push('No root was named, so the roots of the hardware vendors were trusted.');
  }
  return [...notes, ...notices.map(({ message }) => message)];
}

const onlyHardwareNote =
  'Only the hardware’s report inside the HCL report was verified. What the machine booted is unknown: to verify that, give the quote of its TPM and the PCRs in one document with the HCL report.';

const refusedHclNote =
  'This is a report of Azure’s paravisor (HCL report), and only the hardware’s report inside was checked. Even if that is genuine, the quote of the TPM and the PCRs are missing: verify the whole evidence.';

function accepted({ binding }: ShownOutcome): string {
  switch (binding?.kind) {
    case 'unbound':
      return `The policy accepts it, but by your choice nothing ties it to this use: ${binding.reason}`;
    case 'certificate-key':
      return `The policy accepts it, and the report data vouches for the key of the certificate (${binding.scheme}).`;
    case 'nonce':
      return 'The policy accepts it, and the TPM quote was made for the expected nonce.';
    default:
      return 'The policy accepts it, and the report data is the expected one.';
  }
}

function carrierWords({ certificate, path }: ShownOutcome): Facts {
  return {
    ...(path.length === 0 ? {} : { 'found in': path.join(', ') }),
    ...(certificate === undefined
      ? {}
      : { certificate: `${certificate.subject}${certificate.scheme === undefined ? '' : `: ${certificate.scheme}`}` }),
  };
}

function verdictFacts(verdict: QuoteVerdict): Readonly<Record<string, string | number | boolean>> {
  const { status, advisoryIds, root, collateral, tcbDate, verifiedAt } = verdict;
  const age = collateralAge(verdict);
  const { tcbInfo, pckCrl } = age.documents;
  return {
    ...identityFacts(verdict),
    debug: isDebugVerdict(verdict) ? 'yes: it keeps no secrets' : 'no',
    'report data': verdict.report.reportData,
    status,
    advisories: advisoryIds.length === 0 ? 'none' : advisoryIds.join(', '),
    ...partStatuses(verdict),
    'TCB date': tcbDate ?? 'none',
    root: `${root.kind} ${root.fingerprint}`,
    collateral: datesWords(collateral),
    'TCB info': `${issuedWords(tcbInfo)}, evaluation number ${age.evaluationNumber}`,
    'PCK CRL': issuedWords(pckCrl),
    'verified at': verifiedAt,
  };
}

/** Against the time of verification, which may be in the past of the collateral. */
function issuedWords({ issued, ageDays }: { readonly issued: string; readonly ageDays: number }): string {
  return `issued ${issued}, ${ageDays < 0 ? 'after the time of verification' : `${days(ageDays)} before`}`;
}

function days(count: number): string {
  return `${count} ${count === 1 ? 'day' : 'days'}`;
}

/** The statuses where they differ; that of a TDX module is shown beside its measurements. */
function partStatuses({ status, platformStatus, qeStatus }: QuoteVerdict): Readonly<Record<string, string>> {
  if (platformStatus === status && qeStatus === status) return {};
  return { 'of its parts': `platform ${platformStatus}, quoting enclave ${qeStatus}` };
}

function identityFacts(verdict: QuoteVerdict): Readonly<Record<string, string | number>> {
  if (verdict.tee === 'tdx') {
    const { mrTd, mrSeam, rtmr0, rtmr1, rtmr2, rtmr3 } = verdict.report;
    const { launch, current, moduleStatus = 'of version 0, which has no separate status' } = verdict;
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

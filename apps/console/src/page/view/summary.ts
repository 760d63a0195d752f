import { statusMeanings } from '@enclos/attestation/explain';
import type { AzureVmConfiguration, QuoteVerdict, SnpVerdict } from '@enclos/attestation';
import type { EnclosError } from '@enclos/errors';
import { code, element, foreign, type Child } from '../dom.ts';
import type { Appraisal, HardwareVerdict, MachineVerdict, Missing, Outcome, Verification } from '../outcome.ts';
import { isDebug } from './identity.ts';
import { mark, type Grade } from './mark.ts';
import { stepAdvice } from './step-advice.ts';

interface Headline {
  readonly grade: Grade;
  readonly title: string;
  readonly lines: readonly Child[];
}

/** The verdict in a sentence, what it means and what to do, and what was not decided. */
export function summaryView({ verification, appraisal, onlyHardware, certificate }: Outcome): HTMLElement {
  const { grade, title, lines } = headlineOf(verification, onlyHardware);
  return element(
    'div',
    { class: 'summary', 'data-grade': grade },
    element('p', { class: 'headline' }, mark(grade, title)),
    ...lines.map((line) => element('p', {}, line)),
    certificate?.actual?.isBound === true
      ? element('p', {}, mark('good', 'It vouches for the key of the certificate that carried it.'))
      : undefined,
    verification.kind === 'waiting' ? undefined : appraisalView(verification, appraisal),
  );
}

/** The same in one line of text, for who does not see the page. */
export function summaryText({ verification, appraisal, onlyHardware }: Outcome): string {
  const { title } = headlineOf(verification, onlyHardware);
  if (verification.kind === 'waiting') return title;
  return `${title}. ${appraisalTitle(verification, appraisal)}`;
}

function headlineOf(verification: Verification, onlyHardware: true | undefined): Headline {
  switch (verification.kind) {
    case 'waiting':
      return { grade: 'neutral', title: waitingTitle(verification.missing), lines: [] };
    case 'malformed':
      return malformed(verification.error);
    case 'refused':
      return refused(verification.error);
    case 'genuine':
      return onlyHardware === true
        ? withWarnings({ ...genuine(verification.verdict), warnings: [onlyHardwareWarning] })
        : genuine(verification.verdict);
  }
}

const onlyHardwareWarning =
  'Only the hardware’s report inside the HCL report was verified. What the machine booted is not known: that takes the quote of its TPM and the PCRs.';

function genuine(verdict: HardwareVerdict | MachineVerdict): Headline {
  if (verdict.tee === 'azure-vtpm') return genuineMachine(verdict);
  return verdict.tee === 'sev-snp' ? genuineReport(verdict) : genuineQuote(verdict);
}

/** As good as its hardware, and as what the paravisor says of it. */
function genuineMachine({ hardware, vmConfiguration, tpm }: MachineVerdict): Headline {
  const { title, ...below } = genuine(hardware);
  const on = hardware.tee === 'sev-snp' ? `SEV-SNP, ${hardware.product}` : `TDX, ${title.replace('Genuine, ', '')}`;
  const said =
    'The hardware vouches for the paravisor, the paravisor for the key of its TPM, and that key for what was booted.';
  return withWarnings({
    ...below,
    title: `Genuine, an Azure VM on ${on}`,
    lines: [said, ...below.lines],
    warnings: [
      ...configurationWarnings(vmConfiguration),
      ...(tpm.clockSafe ? [] : ['The clock of its TPM may have gone back: an old quote may look new.']),
    ],
  });
}

function configurationWarnings({ secureBoot, consoleEnabled }: AzureVmConfiguration): readonly string[] {
  return [
    ...(secureBoot === true ? [] : ['It does not boot securely, or does not say so.']),
    ...(consoleEnabled === false ? [] : ['A serial console may be attached to it.']),
  ];
}

const missingNames: Readonly<Record<Missing, string>> = {
  evidence: 'a quote or a report',
  machine: 'the whole evidence: with the TD quote, the quote of the TPM and the PCRs',
  collateral: 'its collateral',
  root: 'a root to trust',
  'amd-leaf': 'the certificate of its signing key',
  'amd-authority': 'the certificates of AMD’s authority and root',
  'amd-root': 'AMD’s roots to trust',
};

function waitingTitle(missing: readonly Missing[]): string {
  const names = missing.map((name) => missingNames[name]);
  const last = names.pop() ?? '';
  return `Not verified yet: add ${names.length > 0 ? `${names.join(', ')} and ${last}` : last}`;
}

function malformed(error: EnclosError): Headline {
  return {
    grade: 'bad',
    title: 'The collateral cannot be read, so nothing was verified',
    lines: [
      element(
        'span',
        {},
        foreign(error.message),
        ' ',
        code(textOf(error, 'field')),
        ' ',
        code(textOf(error, 'status')),
      ),
      'What to do: fetch the collateral again, and give it as it was served. Nothing is known about the evidence.',
    ],
  };
}

function refused(error: EnclosError): Headline {
  return {
    grade: 'bad',
    title: 'Refused: it does not prove what it claims',
    lines: [
      element('span', {}, foreign(error.message), ' ', code(textOf(error, 'status'))),
      `What to do: ${stepAdvice(textOf(error, 'step'))}`,
    ],
  };
}

function textOf({ details }: EnclosError, name: string): string {
  return String(details[name] ?? '');
}

function genuineQuote(verdict: QuoteVerdict): Headline {
  const { title, meaning, next, grade } = statusMeanings[verdict.status];
  const dated = datesProblem(verdict);
  return withWarnings({
    grade,
    title: `Genuine, ${title}`,
    lines: [
      element('span', {}, meaning, ' ', code(verdict.status)),
      ...(next === 'Nothing.' ? [] : [`What to do: ${next}`]),
    ],
    warnings: [
      ...(isDebug(verdict) ? ['A debugger can read its memory: it keeps no secrets.'] : []),
      ...(verdict.root.kind === 'software'
        ? ['It is a software platform: the owner of the machine can read what is inside.']
        : []),
      ...(dated === undefined ? [] : [dated]),
    ],
  });
}

/** AMD gives no status, so that the best a report can be is genuine. */
function genuineReport(verdict: SnpVerdict): Headline {
  const { report, revocation, dates } = verdict;
  const isLate = dates.expired.length > 0;
  const isEarly = dates.notYetValid.length > 0;
  return withWarnings({
    grade: 'good',
    title: `Genuine, an SEV-SNP guest on ${verdict.product}`,
    lines: ['A chip of AMD signed it. Whether its versions are new enough, AMD does not say: they are below.'],
    warnings: [
      ...(isDebug(verdict) ? ['The host can read its memory: it keeps no secrets.'] : []),
      ...(report.policy.migrationAgentAllowed ? ['A migration agent may move it, and then holds its keys.'] : []),
      ...(report.vmpl > 0 ? [`Privilege level ${report.vmpl} asked for it, not the highest of the guest.`] : []),
      ...(revocation === 'no-list'
        ? ['There was no revocation list: nobody looked whether a certificate is revoked.']
        : []),
      ...(isLate ? [expiredWarning] : []),
      ...(isEarly ? [earlyWarning] : []),
    ],
  });
}

function withWarnings({
  grade,
  title,
  lines,
  warnings,
}: Headline & { readonly warnings: readonly string[] }): Headline {
  return {
    grade: grade === 'good' && warnings.length > 0 ? 'attention' : grade,
    title,
    lines: [...lines, ...warnings.map((warning) => mark('attention', warning))],
  };
}

const expiredWarning =
  'Some of the collateral is expired at the chosen time: news since then is missing. Fetch it again, or verify as of the time when the evidence was made.';
const earlyWarning = 'Some of the collateral begins only after the chosen time.';

function datesProblem({ collateral, pckNotYetValid }: QuoteVerdict): string | undefined {
  const { expired, notYetValid } = collateral;
  if (expired.length > 0) return expiredWarning;
  if (notYetValid.length > 0 || pckNotYetValid) return earlyWarning;
  return undefined;
}

function appraisalTitle(verification: Verification, appraisal: Appraisal): string {
  if (verification.kind !== 'genuine') return 'Nothing was appraised';
  switch (appraisal.kind) {
    case 'none':
      return 'Nothing was appraised';
    case 'accepted':
      return 'The policy accepts it';
    case 'refused':
      return 'The policy does not accept it';
  }
}

function appraisalView(verification: Verification, appraisal: Appraisal): HTMLElement {
  const title = appraisalTitle(verification, appraisal);
  return element('div', { class: 'appraisal', id: 'appraisal' }, ...appraisalLines(title, verification, appraisal));
}

const bindingWords = {
  unbound:
    'It is bound to nothing: anybody’s evidence of this code would do, also an old one. Give the report data or the nonce that you expect.',
  'report-data': 'Its report data is the expected one.',
  nonce: 'Its TPM quote was made for the expected nonce.',
  'certificate-key': 'It vouches for the key of the certificate that carried it.',
} as const;

function appraisalLines(title: string, verification: Verification, appraisal: Appraisal): readonly HTMLElement[] {
  if (verification.kind !== 'genuine' || appraisal.kind === 'none') {
    const why =
      verification.kind === 'genuine'
        ? 'Genuine evidence of anybody’s code looks like this. Whether it is the one that you want, and good enough, is for a policy to say: add one.'
        : 'What is not genuine is not held against any policy.';
    return [element('p', {}, mark('neutral', title)), element('p', {}, why)];
  }
  if (appraisal.kind === 'accepted') {
    const { binding } = appraisal;
    return [element('p', {}, mark('good', title)), element('p', {}, bindingWords[binding.kind])];
  }
  const { error } = appraisal;
  return [
    element('p', {}, mark('bad', title)),
    element('p', {}, foreign(error.message)),
    element(
      'p',
      {},
      'Rule ',
      code(textOf(error, 'field')),
      ': expected ',
      code(textOf(error, 'expected')),
      ', got ',
      code(textOf(error, 'got')),
      '.',
    ),
  ];
}

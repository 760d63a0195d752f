import { cautionsOf, statusMeanings } from '@enclos/attestation/explain';
import { validityOf, type QuoteVerdict, type SnpVerdict } from '@enclos/attestation';
import type { EnclosError } from '@enclos/errors';
import { code, element, foreign, type Child } from '../dom.ts';
import type { Appraisal, MachineVerdict, Missing, Outcome, Verdict, Verification } from '../outcome.ts';
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

/** The same in one line of text, for readers that do not see the page. */
export function summaryText({ verification, appraisal, onlyHardware }: Outcome): string {
  const { title } = headlineOf(verification, onlyHardware);
  if (verification.kind === 'waiting') return title;
  return `${title}. ${appraisalTitle(verification, appraisal)}`;
}

function headlineOf(verification: Verification, onlyHardware: boolean): Headline {
  switch (verification.kind) {
    case 'waiting':
      return { grade: 'neutral', title: waitingTitle(verification.missing), lines: [] };
    case 'malformed':
      return malformed(verification.error);
    case 'refused':
      return refused(verification.error);
    case 'genuine':
      return onlyHardware
        ? withWarnings({ ...genuine(verification.verdict), warnings: [onlyHardwareWarning] })
        : genuine(verification.verdict);
  }
}

const onlyHardwareWarning =
  'Only the hardware’s report inside the HCL report was verified. What the machine booted is not known: that takes the quote of its TPM and the PCRs.';

function genuine(verdict: Verdict): Headline {
  const { title, ...headline } = genuineOf(verdict);
  const dates = datesWarnings(verdict);
  return withWarnings({
    ...headline,
    title: dates.length === 0 ? title : `${title}, by collateral that was not in force`,
    warnings: [...dates, ...cautionsOf(verdict)],
  });
}

function genuineOf(verdict: Verdict): Headline {
  if (verdict.tee === 'azure-vtpm') return genuineMachine(verdict);
  return verdict.tee === 'sev-snp' ? genuineReport(verdict) : genuineQuote(verdict);
}

/** As good as its hardware, and as what the paravisor says of it. */
function genuineMachine({ hardware }: MachineVerdict): Headline {
  const { title, lines, grade } = genuineOf(hardware);
  const on = hardware.tee === 'sev-snp' ? `SEV-SNP, ${hardware.product}` : `TDX, ${title.replace('Genuine, ', '')}`;
  const said =
    'The hardware vouches for the paravisor, the paravisor for the key of its TPM, and that key for what was booted.';
  return { grade, title: `Genuine, an Azure VM on ${on}`, lines: [said, ...lines] };
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
  return {
    grade,
    // What Intel knew when it issued the older of the two: nothing later is known here.
    title: `Genuine, ${title} as of ${issueDateOf(verdict)}`,
    lines: [
      element('span', {}, meaning, ' ', code(verdict.status)),
      ...(next === 'Nothing.' ? [] : [`What to do: ${next}`]),
    ],
  };
}

function issueDateOf({ collateral: { parts } }: QuoteVerdict): string {
  const { tcbInfo, qeIdentity } = parts;
  return (tcbInfo.from < qeIdentity.from ? tcbInfo : qeIdentity).from.slice(0, 10);
}

/** AMD gives no status, so that the best a report can be is genuine. */
function genuineReport(verdict: SnpVerdict): Headline {
  return {
    grade: 'good',
    title: `Genuine, an SEV-SNP guest on ${verdict.product}`,
    lines: ['A chip of AMD signed it. Whether its versions are new enough, AMD does not say: they are below.'],
  };
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
    lines: [...warnings.map((warning) => mark('attention', warning)), ...lines],
  };
}

const expiredWarning =
  'Some collateral is expired at the chosen time: fetch it again, or choose the time of the evidence.';
const earlyWarning = 'Some collateral begins only after the chosen time.';

function datesWarnings(verdict: Verdict): readonly string[] {
  const states = new Set(validityOf(verdict).outOfForce.map(({ state }) => state));
  return [...(states.has('not-yet-valid') ? [earlyWarning] : []), ...(states.has('expired') ? [expiredWarning] : [])];
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
        ? 'Genuine evidence of any code looks like this. Whether it is the right one, and good enough, is for a policy to say: add one.'
        : 'What is not genuine is not held against any policy.';
    return [element('p', {}, mark('neutral', title)), element('p', {}, why)];
  }
  if (appraisal.kind === 'accepted') {
    const { binding } = appraisal;
    // Accepted and bound to nothing is not good news: anyone can show old evidence of the same code.
    const grade = binding.kind === 'unbound' ? 'attention' : 'good';
    return [element('p', {}, mark(grade, title)), element('p', {}, bindingWords[binding.kind])];
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

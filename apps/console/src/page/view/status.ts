import {
  validityOf,
  type QuoteVerdict,
  type Shortfall,
  type SnpVerdict,
  type TcbEvaluation,
} from '@enclos/attestation';
import { shortfallName, statusMeanings } from '@enclos/attestation/explain';
import { code, element, foreign, type Child } from '../dom.ts';
import type { HardwareVerdict } from '../outcome.ts';
import { mark } from './mark.ts';
import { facts, section, table } from './section.ts';

type Status = keyof typeof statusMeanings;

/** What the security versions amount to. */
export function statusView(verdict: HardwareVerdict): readonly HTMLElement[] {
  return verdict.tee === 'sev-snp' ? [versionsView(verdict)] : quoteStatusView(verdict);
}

/** AMD publishes no status: the versions are shown as they are. */
function versionsView({ report: { tcb } }: SnpVerdict): HTMLElement {
  const names = ['current', 'reported', 'committed', 'launch'] as const;
  const rows = names.map((name) => {
    const parts = Object.entries(tcb[name]).map(([component, version]) => `${component} ${String(version)}`);
    return [`${name} TCB`, parts.join(', ')];
  });
  return section(
    'status',
    'Security versions of the platform',
    element('p', {}, 'AMD publishes no status for them. Which are new enough is for a policy to say (minimumTcb).'),
    table('Security versions', ['When', 'Versions'], rows),
  );
}

/** Part by part, and what is short. */
function quoteStatusView(verdict: QuoteVerdict): readonly HTMLElement[] {
  const { tcbDate, advisoryIds, tcbEvaluationDataNumbers: numbers } = verdict;
  return [
    section(
      'status',
      'Status of the platform',
      table('Status by part', ['Part', 'Status', 'Meaning'], statusRows(verdict)),
      facts([
        ['TCB date', tcbDate ?? 'none'],
        ['advisories', advisoryIds.length === 0 ? 'none' : list(advisoryIds)],
        ['TCB evaluation data numbers', `TCB info ${numbers.tcbInfo}, QE identity ${numbers.qeIdentity}`],
      ]),
    ),
    section('shortfall', 'What is short', ...shortfallView(verdict)),
  ];
}

function statusRows(verdict: QuoteVerdict): readonly (readonly Child[])[] {
  const { launch, current }: { launch?: TcbEvaluation; current?: TcbEvaluation } = verdict.tee === 'tdx' ? verdict : {};
  const parts: readonly (readonly [string, Status | undefined])[] = [
    ['Platform', verdict.platformStatus],
    ['TDX module', verdict.moduleStatus],
    ['Quoting enclave', verdict.qeStatus],
    ['At launch', launch?.status],
    ['Now, if relaunched', current?.status],
  ];
  const { inForce } = validityOf(verdict);
  return parts.flatMap(([part, status]) => (status === undefined ? [] : [row(part, status, inForce)]));
}

/** Collateral that is not in force says nothing good. */
function row(part: string, status: Status, inForce: boolean): readonly Child[] {
  const { grade, title, meaning } = statusMeanings[status];
  const shown = grade === 'good' && !inForce ? 'attention' : grade;
  return [part, element('span', {}, mark(shown, title), ' ', code(status)), meaning];
}

function list(texts: readonly string[]): HTMLElement {
  return element('ul', { class: 'inline-list' }, ...texts.map((text) => element('li', {}, foreign(text))));
}

function shortfallView(verdict: QuoteVerdict): readonly HTMLElement[] {
  if (verdict.shortfall.length === 0) {
    return [element('p', {}, 'Nothing: every security version is at the highest level of the collateral.')];
  }
  return [
    element(
      'p',
      {},
      'These versions are below the highest level. The names in brackets are the vendor’s: what to update.',
    ),
    table('Security versions that are short', ['Component', 'Security version'], verdict.shortfall.map(shortfallRow)),
  ];
}

function shortfallRow(short: Shortfall): readonly Child[] {
  const words = [short.category, short.type].filter((word) => word !== undefined && word !== '');
  const name = shortfallName(short);
  return [
    words.length === 0 ? name : element('span', {}, `${name} (`, foreign(words.join(', ')), ')'),
    `has ${short.has}, needs ${short.needs}`,
  ];
}

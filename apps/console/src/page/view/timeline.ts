import type { DatedPart, SnpVerdict } from '@enclos/attestation';
import { element, type Child } from '../dom.ts';
import { hardwareOf, type Outcome } from '../outcome.ts';
import { mark, type Grade } from './mark.ts';
import { section, table } from './section.ts';

/** Something with dates, like 2025-06-19T10:56:11Z. */
interface DatedThing {
  readonly name: string;
  readonly from: string;
  readonly until: string;
  /** It lives for weeks. */
  readonly isShort: boolean;
}

const names: readonly (readonly [DatedPart, string])[] = [
  ['tcbInfo', 'TCB info'],
  ['qeIdentity', 'QE identity'],
  ['pckCrl', 'Revocation list of the PCK authority'],
  ['rootCrl', 'Revocation list of the root'],
  ['pckCertificate', 'PCK certificate'],
  ['intermediateCertificate', 'PCK authority'],
  ['rootCertificate', 'Root certificate'],
  ['tcbSigningCertificate', 'Signer of the TCB info'],
  ['qeIdentitySigningCertificate', 'Signer of the QE identity'],
];
const shortLived: ReadonlySet<DatedPart> = new Set(['tcbInfo', 'qeIdentity', 'pckCrl']);
const dayMs = 86_400_000;
const yearMs = 365.25 * dayMs;

/** From when until when each part of the collateral holds, against the time of verification. */
export function timelineView(outcome: Outcome, now: Date): HTMLElement | undefined {
  const parts = datedParts(outcome);
  if (parts.length === 0) return undefined;
  const nowMs = now.getTime();
  const axis = axisOf(parts, nowMs);
  return section(
    'timeline',
    'Dates of the collateral',
    element(
      'p',
      {},
      `Verified as of ${isoSeconds(nowMs)}, the line in each bar.`,
      outcome.verification.kind === 'genuine'
        ? undefined
        : ' These dates are what the collateral says; nothing vouches for them.',
    ),
    table(
      'Dates of the collateral',
      ['Part', 'Time', 'From, until', 'State'],
      parts.map((part) => row(part, { nowMs, axis })),
    ),
  );
}

function datedParts({ verification, collateral }: Outcome): readonly DatedThing[] {
  const verdict = verification.kind === 'genuine' ? hardwareOf(verification.verdict) : undefined;
  if (verdict?.tee === 'sev-snp') return snpParts(verdict);
  const parts: Partial<Record<DatedPart, { readonly from: string; readonly until: string }>> =
    verdict?.collateral.parts ?? collateral?.parts ?? {};
  return names.flatMap(([part, name]) => {
    const range = parts[part];
    return range === undefined ? [] : [{ name, ...range, isShort: shortLived.has(part) }];
  });
}

function snpParts({ dates }: SnpVerdict): readonly DatedThing[] {
  const { signingKeyCertificate, intermediateCertificate, rootCertificate, revocationList } = dates;
  return [
    { name: 'Certificate of the signing key', ...signingKeyCertificate, isShort: true },
    { name: 'Certificate of the authority', ...intermediateCertificate, isShort: false },
    { name: 'Certificate of the root', ...rootCertificate, isShort: false },
    ...(revocationList === undefined ? [] : [{ name: 'Revocation list', ...revocationList, isShort: true }]),
  ];
}

interface Axis {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Some live for weeks and others for decades: the axis is that of the short ones and the chosen time. */
function axisOf(parts: readonly DatedThing[], nowMs: number): Axis {
  const ranges = parts.filter(({ isShort }) => isShort);
  const fromMs = Math.min(nowMs, ...ranges.map(({ from }) => Date.parse(from)));
  const untilMs = Math.max(nowMs, ...ranges.map(({ until }) => Date.parse(until)));
  const margin = Math.max((untilMs - fromMs) * 0.06, dayMs);
  return { fromMs: fromMs - margin, untilMs: untilMs + margin };
}

function row(part: DatedThing, { nowMs, axis }: { nowMs: number; axis: Axis }): readonly Child[] {
  const fromMs = Date.parse(part.from);
  const untilMs = Date.parse(part.until);
  const { grade, word } = stateOf(fromMs, untilMs, nowMs);
  const percent = (timeMs: number): number =>
    Math.min(100, Math.max(0, ((timeMs - axis.fromMs) / (axis.untilMs - axis.fromMs)) * 100));
  const bar = element('span', { class: 'bar', 'data-grade': grade });
  bar.style.setProperty('left', `${percent(fromMs)}%`);
  bar.style.setProperty('width', `${percent(untilMs) - percent(fromMs)}%`);
  const line = element('span', { class: 'now' });
  line.style.setProperty('left', `${percent(nowMs)}%`);
  const track = element('span', { class: 'track', 'aria-hidden': 'true' }, bar, line);
  return [part.name, track, rangeText(part), mark(grade, word)];
}

function stateOf(fromMs: number, untilMs: number, nowMs: number): { readonly grade: Grade; readonly word: string } {
  if (nowMs > untilMs) return { grade: 'bad', word: `expired for ${length(nowMs - untilMs)}` };
  if (nowMs < fromMs) return { grade: 'attention', word: `begins in ${length(fromMs - nowMs)}` };
  return { grade: 'good', word: `${length(untilMs - nowMs)} left` };
}

function length(spanMs: number): string {
  if (spanMs >= 2 * yearMs) return `${Math.floor(spanMs / yearMs)} years`;
  const count = Math.floor(spanMs / dayMs);
  if (count === 0) return 'less than a day';
  return count === 1 ? '1 day' : `${count} days`;
}

function rangeText({ from, until }: DatedThing): HTMLElement {
  return element('span', { class: 'dates' }, element('span', {}, from), ' ', element('span', {}, until));
}

function isoSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

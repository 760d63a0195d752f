import { isoSeconds } from '@enclos/codec/json';
import type { P256Certificate } from '../x509/p256-certificate.ts';
import type { EndorsementParts } from './collateral.ts';
import type { PckChain } from './pck-chain.ts';

/** One part of what a verdict rests on that has dates. */
export type DatedPart = (typeof datedParts)[number];

/** One that is issued anew and again: everything but the certificates. */
export type DocumentPart = (typeof documentParts)[number];

export const documentParts = Object.freeze(['rootCrl', 'pckCrl', 'tcbInfo', 'qeIdentity'] as const);
export const datedParts = Object.freeze([
  'rootCertificate',
  'intermediateCertificate',
  'pckCertificate',
  'tcbSigningCertificate',
  'qeIdentitySigningCertificate',
  ...documentParts,
] as const);

/** The dates of the collateral against the time of verification. Dates are like 2025-06-19T10:56:11Z. */
export interface CollateralDates extends FixedDates {
  /** What ended before the time of verification. */
  readonly expired: readonly DatedPart[];
  /** What begins after the time of verification. */
  readonly notYetValid: readonly DatedPart[];
}

interface FixedDates {
  /** The first and last issue dates of the CRLs, the TCB info and the QE identity. */
  readonly earliestIssueDate: string;
  readonly latestIssueDate: string;
  /** The earliest end of those and of the certificates. */
  readonly earliestExpiration: string;
  /** Each part, when it begins (a document: when it was issued) and when it ends. */
  readonly parts: Readonly<Record<DatedPart, DateRange>>;
}

export interface DateRange {
  readonly from: string;
  readonly until: string;
}

interface PartDates {
  readonly part: DatedPart;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The dates of one set of collateral: the same at any time. */
export interface CollateralWindow {
  readonly dates: FixedDates;
  readonly all: readonly PartDates[];
}

const documents: ReadonlySet<DatedPart> = new Set(documentParts);

export function collateralWindow(
  chain: Pick<PckChain, 'root' | 'intermediate' | 'pck'>,
  { tcbInfoChain, qeIdentityChain, rootCrl, pckCrl, tcbInfo, qeIdentity }: EndorsementParts,
): CollateralWindow {
  const all = [
    certificateDates('rootCertificate', chain.root, tcbInfoChain[1], qeIdentityChain[1]),
    certificateDates('intermediateCertificate', chain.intermediate),
    certificateDates('pckCertificate', chain.pck),
    certificateDates('tcbSigningCertificate', tcbInfoChain[0]),
    certificateDates('qeIdentitySigningCertificate', qeIdentityChain[0]),
    { part: 'rootCrl', fromMs: rootCrl.thisUpdateMs, untilMs: rootCrl.nextUpdateMs },
    { part: 'pckCrl', fromMs: pckCrl.thisUpdateMs, untilMs: pckCrl.nextUpdateMs },
    { part: 'tcbInfo', ...jsonDates(tcbInfo.value) },
    { part: 'qeIdentity', ...jsonDates(qeIdentity.value) },
  ] as const satisfies readonly PartDates[];
  const issued = all.filter(({ part }) => documents.has(part)).map(({ fromMs }) => fromMs);
  const ranges = all.map(({ part, fromMs, untilMs }) => [
    part,
    Object.freeze({ from: isoSeconds(fromMs), until: isoSeconds(untilMs) }),
  ]);
  const dates = Object.freeze({
    earliestIssueDate: isoSeconds(Math.min(...issued)),
    latestIssueDate: isoSeconds(Math.max(...issued)),
    earliestExpiration: isoSeconds(Math.min(...all.map(({ untilMs }) => untilMs))),
    // Every part is in the list: a verified chain has all of its certificates.
    parts: Object.freeze(Object.fromEntries(ranges)) as Readonly<Record<DatedPart, DateRange>>,
  });
  return Object.freeze({ dates, all });
}

/**
 * Compares every date with `nowMs`. Nothing is refused here: as in Intel's
 * wrapper (QvE), expired collateral is a fact beside the status, and the policy
 * decides. QVL never looks at notBefore and issueDate; they are reported too.
 */
export function collateralDates({ dates, all }: CollateralWindow, nowMs: number): CollateralDates {
  return Object.freeze({
    expired: Object.freeze(all.filter(({ untilMs }) => nowMs > untilMs).map(({ part }) => part)),
    notYetValid: Object.freeze(all.filter(({ fromMs }) => nowMs < fromMs).map(({ part }) => part)),
    ...dates,
  });
}

/**
 * When all of these are in force: a verified chain has the certificate asked for. A root may be certified more than
 * once, and the chain of a signer may end in another certificate of it than the chain of the platform.
 */
function certificateDates(part: DatedPart, ...certificates: readonly (P256Certificate | undefined)[]): PartDates {
  const all = certificates.flatMap((certificate) => certificate ?? []);
  return {
    part,
    fromMs: Math.max(...all.map(({ notBeforeMs }) => notBeforeMs)),
    untilMs: Math.min(...all.map(({ notAfterMs }) => notAfterMs)),
  };
}

function jsonDates(body: { readonly issueDate: string; readonly nextUpdate: string }): Omit<PartDates, 'part'> {
  return { fromMs: Date.parse(body.issueDate), untilMs: Date.parse(body.nextUpdate) };
}

import { isoSeconds } from '@enclos/codec/json';
import type { RevocationList } from '@enclos/codec/x509';
import type { AmdCertificate } from './certificate.ts';
import type { SnpChain } from './chain.ts';

/** One part of what a verdict rests on that has dates. */
export type SnpDatedPart = (typeof snpDatedParts)[number];

/** One that is issued anew and again: everything but the certificates. */
export type SnpDocumentPart = (typeof snpDocumentParts)[number];

export const snpDocumentParts = Object.freeze(['revocationList'] as const);
export const snpDatedParts = Object.freeze([
  'rootCertificate',
  'intermediateCertificate',
  'signingKeyCertificate',
  ...snpDocumentParts,
] as const);

/** From when to when, both included: 2025-06-19T10:56:11Z. */
export interface SnpValidity {
  readonly from: string;
  readonly until: string;
}

/** The dates of certificates and revocation list against the time of verification. */
export interface SnpDates {
  readonly rootCertificate: SnpValidity;
  readonly intermediateCertificate: SnpValidity;
  readonly signingKeyCertificate: SnpValidity;
  /** Absent without a list: revocation was not checked. */
  readonly revocationList?: SnpValidity;
  /** The earliest end and the latest beginning of all of them. */
  readonly earliestExpiration: string;
  readonly latestBeginning: string;
  /** What ended before the time of verification. */
  readonly expired: readonly SnpDatedPart[];
  /** What begins after the time of verification. */
  readonly notYetValid: readonly SnpDatedPart[];
}

interface PartDates {
  readonly part: SnpDatedPart;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Nothing is refused here: dates are facts, for the policy to judge. */
export function snpDates(chain: SnpChain, crl: RevocationList | undefined, nowMs: number): SnpDates {
  const certificates = [
    certificate('rootCertificate', chain.root),
    certificate('intermediateCertificate', chain.intermediate),
    certificate('signingKeyCertificate', chain.leaf),
  ];
  const lists: readonly PartDates[] =
    crl === undefined ? [] : [{ part: 'revocationList', fromMs: crl.thisUpdateMs, untilMs: crl.nextUpdateMs }];
  const all = [...certificates, ...lists];
  const [list] = lists;
  return Object.freeze({
    rootCertificate: validity(chain.root.notBeforeMs, chain.root.notAfterMs),
    intermediateCertificate: validity(chain.intermediate.notBeforeMs, chain.intermediate.notAfterMs),
    signingKeyCertificate: validity(chain.leaf.notBeforeMs, chain.leaf.notAfterMs),
    ...(list === undefined ? {} : { revocationList: validity(list.fromMs, list.untilMs) }),
    earliestExpiration: isoSeconds(Math.min(...all.map(({ untilMs }) => untilMs))),
    latestBeginning: isoSeconds(Math.max(...all.map(({ fromMs }) => fromMs))),
    expired: Object.freeze(all.filter(({ untilMs }) => nowMs > untilMs).map(({ part }) => part)),
    notYetValid: Object.freeze(all.filter(({ fromMs }) => nowMs < fromMs).map(({ part }) => part)),
  });
}

function certificate(part: SnpDatedPart, { notBeforeMs, notAfterMs }: AmdCertificate): PartDates {
  return { part, fromMs: notBeforeMs, untilMs: notAfterMs };
}

function validity(fromMs: number, untilMs: number): SnpValidity {
  return Object.freeze({ from: isoSeconds(fromMs), until: isoSeconds(untilMs) });
}

import type { Certificate } from './certificate.ts';
import type { EndorsementParts } from './endorsements.ts';
import { isoSeconds } from './json-fields.ts';
import type { PckChain } from './pck-chain.ts';

/** One part of what a verdict rests on that has dates. */
export type DatedPart =
  | 'rootCertificate'
  | 'intermediateCertificate'
  | 'pckCertificate'
  | 'tcbSigningCertificate'
  | 'qeIdentitySigningCertificate'
  | 'rootCrl'
  | 'pckCrl'
  | 'tcbInfo'
  | 'qeIdentity';

/** The dates of the collateral against the time of verification. Dates are like 2025-06-19T10:56:11Z. */
export interface CollateralDates {
  /** Of the CRLs, the TCB info and the QE identity. */
  readonly earliestIssueDate: string;
  readonly latestIssueDate: string;
  /** Of those and of the certificates. */
  readonly earliestExpiration: string;
  /** What ended before the time of verification. */
  readonly expired: readonly DatedPart[];
  /** What begins after the time of verification. */
  readonly notYetValid: readonly DatedPart[];
}

interface Dated {
  readonly part: DatedPart;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Compares every date with `nowMs`. Nothing is refused here: as in Intel's
 * wrapper (QvE), expired collateral is a fact beside the status, and the policy
 * decides. QVL never looks at notBefore and issueDate; they are reported too.
 */
export function collateralDates(chain: PckChain, endorsements: EndorsementParts, nowMs: number): CollateralDates {
  const documents = documentDates(endorsements);
  const all = [...certificateDates(chain, endorsements), ...documents];
  const issued = documents.map(({ fromMs }) => fromMs);
  return Object.freeze({
    earliestIssueDate: isoSeconds(Math.min(...issued)),
    latestIssueDate: isoSeconds(Math.max(...issued)),
    earliestExpiration: isoSeconds(Math.min(...all.map(({ untilMs }) => untilMs))),
    expired: Object.freeze(all.filter(({ untilMs }) => nowMs > untilMs).map(({ part }) => part)),
    notYetValid: Object.freeze(all.filter(({ fromMs }) => nowMs < fromMs).map(({ part }) => part)),
  });
}

function documentDates({ rootCrl, pckCrl, tcbInfo, qeIdentity }: EndorsementParts): readonly Dated[] {
  return [
    { part: 'rootCrl', fromMs: rootCrl.thisUpdateMs, untilMs: rootCrl.nextUpdateMs },
    { part: 'pckCrl', fromMs: pckCrl.thisUpdateMs, untilMs: pckCrl.nextUpdateMs },
    { part: 'tcbInfo', ...jsonDates(tcbInfo.value) },
    { part: 'qeIdentity', ...jsonDates(qeIdentity.value) },
  ];
}

function certificateDates(chain: PckChain, { tcbInfoChain, qeIdentityChain }: EndorsementParts): readonly Dated[] {
  const dated = (part: DatedPart, certificate: Certificate | undefined): readonly Dated[] =>
    certificate === undefined ? [] : [{ part, fromMs: certificate.notBeforeMs, untilMs: certificate.notAfterMs }];
  return [
    ...dated('rootCertificate', chain.root),
    ...dated('intermediateCertificate', chain.intermediate),
    ...dated('pckCertificate', chain.pck),
    ...dated('tcbSigningCertificate', tcbInfoChain[0]),
    ...dated('qeIdentitySigningCertificate', qeIdentityChain[0]),
  ];
}

function jsonDates(body: { readonly issueDate: string; readonly nextUpdate: string }): Omit<Dated, 'part'> {
  return { fromMs: Date.parse(body.issueDate), untilMs: Date.parse(body.nextUpdate) };
}

import { isoSeconds } from '@enclos/codec/json';
import type { DatedPart, DateRange } from '../dcap/collateral-dates.ts';
import type { Endorsements } from '../dcap/collateral.ts';
import { partsOf } from '../dcap/endorsements.ts';

/** The claims of parsed collateral, before verification. */
export interface ExplainedCollateral {
  readonly tee: 'SGX' | 'TDX';
  /** 6 bytes of hex: the platform family that the TCB info is for. */
  readonly fmspc: string;
  readonly tcbEvaluationDataNumbers: { readonly tcbInfo: number; readonly qeIdentity: number };
  /** When each part begins (a document: when it was issued) and ends, like 2025-06-19T10:56:11Z. */
  readonly parts: Readonly<Partial<Record<DatedPart, DateRange>>>;
}

/**
 * The dates and subjects of collateral, for people: a refused quote has no
 * verdict that would show them. `verdict.collateral` has the verified ones.
 *
 * @throws VERIFIER_MISUSED for endorsements that `parseCollateral` did not make.
 */
export function explainCollateral(endorsements: Endorsements): ExplainedCollateral {
  const { tcbInfoChain, qeIdentityChain, rootCrl, pckCrl, tcbInfo, qeIdentity } = partsOf(endorsements);
  const [tcbSigner] = tcbInfoChain;
  const [qeSigner] = qeIdentityChain;
  const ofCertificate = (part: DatedPart, certificate: typeof tcbSigner): Partial<Record<DatedPart, DateRange>> =>
    certificate === undefined ? {} : { [part]: range(certificate.notBeforeMs, certificate.notAfterMs) };
  return Object.freeze({
    tee: tcbInfo.value.tee,
    fmspc: tcbInfo.value.fmspc,
    tcbEvaluationDataNumbers: Object.freeze({
      tcbInfo: tcbInfo.value.tcbEvaluationDataNumber,
      qeIdentity: qeIdentity.value.tcbEvaluationDataNumber,
    }),
    parts: Object.freeze({
      ...ofCertificate('tcbSigningCertificate', tcbSigner),
      ...ofCertificate('qeIdentitySigningCertificate', qeSigner),
      rootCrl: range(rootCrl.thisUpdateMs, rootCrl.nextUpdateMs),
      pckCrl: range(pckCrl.thisUpdateMs, pckCrl.nextUpdateMs),
      tcbInfo: Object.freeze({ from: tcbInfo.value.issueDate, until: tcbInfo.value.nextUpdate }),
      qeIdentity: Object.freeze({ from: qeIdentity.value.issueDate, until: qeIdentity.value.nextUpdate }),
    }),
  });
}

function range(fromMs: number, untilMs: number): DateRange {
  return Object.freeze({ from: isoSeconds(fromMs), until: isoSeconds(untilMs) });
}

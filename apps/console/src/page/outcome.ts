import type {
  QuoteVerdict,
  SnpVerdict,
  StepResult,
  TrustedRoot,
  SnpRoot,
  VerifiedEvidence,
  VerifiedSnpEvidence,
} from '@enclos/attestation';
import type { ExplainedCollateral, ExplainedField } from '@enclos/attestation/explain';
import type { JsonObject } from '@enclos/attestation/json';
import type { EnclosError } from '@enclos/errors';

/** What the page has been given. */
export interface Request {
  readonly evidence?: { readonly kind: 'quote' | 'snp-report'; readonly bytes: Uint8Array };
  /** Of a quote: JSON text of the shape QuoteCollateralV3. */
  readonly collateral?: string;
  /** Of an SEV-SNP report, DER. */
  readonly amd: AmdCollateral;
  readonly roots: readonly TrustedRoot[];
  readonly amdRoots: readonly SnpRoot[];
  readonly now: Date;
  readonly allowTrailingBytes: boolean;
  readonly policy?: JsonObject;
  /** 64 bytes; without them nothing is expected of the report data. */
  readonly reportData?: Uint8Array;
}

export interface AmdCollateral {
  readonly leaf?: Uint8Array;
  readonly authority?: Uint8Array;
  readonly root?: Uint8Array;
  readonly revocationList?: Uint8Array;
}

export type Missing = 'evidence' | 'collateral' | 'root' | 'amd-leaf' | 'amd-authority' | 'amd-root';

/** A verdict with the evidence that a policy made of it. */
export type Verdict = QuoteVerdict | SnpVerdict;

export type Verification =
  | { readonly kind: 'waiting'; readonly missing: readonly Missing[] }
  /** The collateral is not well-formed: no step was reached. */
  | { readonly kind: 'malformed'; readonly error: EnclosError }
  | { readonly kind: 'refused'; readonly error: EnclosError; readonly steps: readonly StepResult<string>[] }
  | { readonly kind: 'genuine'; readonly verdict: Verdict; readonly steps: readonly StepResult<string>[] };

export type Appraisal =
  /** Nobody said what is good enough. */
  | { readonly kind: 'none' }
  | { readonly kind: 'accepted'; readonly binding: (VerifiedEvidence | VerifiedSnpEvidence)['binding'] }
  | { readonly kind: 'refused'; readonly error: EnclosError };

/** Everything that the page shows. */
export interface Outcome {
  readonly fields: readonly ExplainedField[];
  /** Of a quote. */
  readonly collateral: ExplainedCollateral | undefined;
  readonly verification: Verification;
  readonly appraisal: Appraisal;
}

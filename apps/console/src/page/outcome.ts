import type { CertificateEvidence } from '@enclos/atls/certificate';
import type { StepResult, TrustedRoot, SnpRoot, VerifiedEvidence, VerifiedMachineEvidence } from '@enclos/attestation';
import type { ExplainedCollateral } from '@enclos/attestation/explain';
import type { ExplainNode } from '@enclos/evidence/fields';
import type { AnyVerdict, HardwareVerdict, MachineVerdict } from '@enclos/evidence/verify';
import type { JsonObject } from '@enclos/codec/json';
import type { EnclosError } from '@enclos/errors';
import type { AttestedInput } from './input/attested.ts';
import type { EvidenceInput } from './input/input.ts';

/** What the page has been given. */
export interface Request {
  readonly evidence?: (Omit<EvidenceInput, 'form'> & Partial<Pick<AttestedInput, 'certificate'>>) | undefined;
  /** For a quote: JSON text of the shape QuoteCollateralV3. */
  readonly collateral?: string | undefined;
  /** For an SEV-SNP report, DER. */
  readonly amd: AmdCollateral;
  readonly roots: readonly TrustedRoot[];
  readonly amdRoots: readonly SnpRoot[];
  readonly now: Date;
  readonly allowTrailingBytes: boolean;
  readonly policy?: JsonObject | undefined;
  /** 64 bytes, or the nonce of a vTPM; without them nothing is expected of the report data. */
  readonly reportData?: Uint8Array | undefined;
}

export interface AmdCollateral {
  readonly leaf?: Uint8Array | undefined;
  readonly authority?: Uint8Array | undefined;
  readonly root?: Uint8Array | undefined;
  readonly revocationList?: Uint8Array | undefined;
}

export type Missing = 'evidence' | 'machine' | 'collateral' | 'root' | 'amd-leaf' | 'amd-authority' | 'amd-root';

export type { HardwareVerdict, MachineVerdict };
export type Verdict = AnyVerdict;

/** What is known of the hardware, be it that of an Azure VM. */
export function hardwareOf(verdict: Verdict): HardwareVerdict {
  return verdict.tee === 'azure-vtpm' ? verdict.hardware : verdict;
}

export type Verification =
  | { readonly kind: 'waiting'; readonly missing: readonly Missing[] }
  /** The collateral is not well-formed: no step was reached. */
  | { readonly kind: 'malformed'; readonly error: EnclosError }
  | { readonly kind: 'refused'; readonly error: EnclosError; readonly steps: readonly StepResult<string>[] }
  | { readonly kind: 'genuine'; readonly verdict: Verdict; readonly steps: readonly StepResult<string>[] };

/** What ties accepted evidence to its use. */
export type AppraisedBinding =
  | (VerifiedEvidence | VerifiedMachineEvidence)['binding']
  | { readonly kind: 'certificate-key' };

export type Appraisal =
  /** There is no policy, which says what is good enough. */
  | { readonly kind: 'none' }
  | { readonly kind: 'accepted'; readonly binding: AppraisedBinding }
  | { readonly kind: 'refused'; readonly error: EnclosError };

/** What genuine evidence was asked for, and whether that is what ties it to the key of its certificate. */
export interface KeyBinding {
  readonly isBound: boolean;
  /** Hex. */
  readonly boundData: string;
}

/** Everything that the page shows. */
export interface Outcome {
  /** What the evidence says, whether or not it is true. */
  readonly fields: readonly ExplainNode[];
  /** For a quote. */
  readonly collateral: ExplainedCollateral | undefined;
  readonly verification: Verification;
  readonly appraisal: Appraisal;
  /** What carried the evidence, and whether the evidence vouches for its key: known once that is genuine. */
  readonly certificate: { readonly unpacked: CertificateEvidence; readonly actual: KeyBinding | undefined } | undefined;
  /** The evidence is an HCL report: what was booted is in none of it. */
  readonly onlyHardware: boolean;
}

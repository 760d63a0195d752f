import type { AzureVerdict, QuoteVerdict, SnpCollateral, SnpRoot, SnpVerdict, TrustedRoot } from '@enclos/attestation';
import type { ExplainNode } from '../explain/nodes.ts';
import type { AzureEvidenceFinding, QuoteFinding, SnpReportFinding } from '../recognise/finding.ts';
import type { Step } from '../verify/steps.ts';
import type { AzureSubject, HardwareEvidence, QuoteSubject, SnpSubject, Subject } from '../verify/subject.ts';

/** What may be evidence: some bytes, or a JSON value with the text that it was read from. */
export interface Candidate {
  readonly bytes: Uint8Array;
  readonly json?: unknown;
}

/** A title, and the fields under it. */
export interface TypedExplanation {
  readonly title: string;
  readonly nodes: readonly ExplainNode[];
}

/** What evidence is verified with. Roots are asked for by the form that needs them, and only then. */
export interface VerifyInputs {
  /** JSON, not trusted: the collateral of a quote, or the certificates that endorse a report. */
  readonly collateral: unknown;
  /** Certificates for reports of SEV-SNP that are already told apart. They take the place of those in `collateral`. */
  readonly snpCollateral?: Partial<SnpCollateral>;
  /** For quotes. */
  readonly roots: () => Promise<readonly TrustedRoot[]>;
  /** For reports of SEV-SNP. */
  readonly amdRoots: () => Promise<readonly SnpRoot[]>;
  readonly now: Date;
  /** Certificates that came with the evidence, DER. */
  readonly carried?: readonly Uint8Array[];
  /** Whether bytes may follow a quote. They are ignored. Default: they are refused. */
  readonly allowTrailingBytes?: boolean;
}

/** A verdict on evidence of the hardware. */
export type HardwareVerdict = QuoteVerdict | SnpVerdict;
/** A verdict on an Azure VM, from its hardware to its PCRs. */
export type MachineVerdict = AzureVerdict<SnpVerdict> | AzureVerdict<QuoteVerdict>;
/** A verdict on evidence of any form. */
export type AnyVerdict = HardwareVerdict | MachineVerdict;

/** The types that belong to each form. */
export interface FormTypes {
  readonly quote: { readonly found: QuoteFinding; readonly subject: QuoteSubject; readonly verdict: QuoteVerdict };
  readonly 'snp-report': {
    readonly found: SnpReportFinding;
    readonly subject: SnpSubject;
    readonly verdict: SnpVerdict;
  };
  readonly 'azure-evidence': {
    readonly found: AzureEvidenceFinding;
    readonly subject: AzureSubject;
    readonly verdict: MachineVerdict;
  };
}

export type FormName = keyof FormTypes;
export type FoundOf<Name extends FormName> = FormTypes[Name]['found'];
export type SubjectOf<Name extends FormName> = FormTypes[Name]['subject'];
export type VerdictOf<Name extends FormName> = FormTypes[Name]['verdict'];

/** All operations on one form of evidence. A new form is one of these, in its own file. */
export interface EvidenceForm<Name extends FormName> {
  /** `a DCAP quote`, for the middle of a sentence. */
  readonly words: string;
  /** The evidence that the candidate begins like, whether it goes on like it or not. */
  readonly recognise: (candidate: Candidate) => FoundOf<Name> | undefined;
  readonly explain: (found: FoundOf<Name>) => TypedExplanation;
  /** @throws EVIDENCE_REFUSED for evidence that cannot be read. */
  readonly subject: (bytes: Uint8Array) => SubjectOf<Name>;
  /** What the vendor of the hardware endorses. */
  readonly hardware: (subject: SubjectOf<Name>) => HardwareEvidence;
  /** The steps of its verification; without a subject, those that every such evidence goes through. */
  readonly steps: (subject: Subject | undefined) => readonly Step[];
  /** @throws EVIDENCE_REFUSED, ENDORSEMENTS_INVALID, and what asking for the roots throws. */
  readonly verify: (subject: SubjectOf<Name>, inputs: VerifyInputs) => Promise<VerdictOf<Name>>;
}

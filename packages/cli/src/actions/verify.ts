import {
  appraise,
  parseCollateral,
  stepResults,
  verificationSteps,
  verifyQuote,
  type AppraisalPolicy,
  type Binding,
  type QuoteVerdict,
  type StepResult,
  type VerifiedEvidence,
} from '@enclos/attestation';
import { fromHex } from '@enclos/codec';
import type { Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { parseQuote } from '@enclos/sgx';
import { bindingOf } from '../evidence/attested-certificate.ts';
import { readCertificate } from '../evidence/certificate.ts';
import { choosePiece, nothingFound } from '../evidence/choose.ts';
import {
  carriesPckChain,
  fetchCollateralFor,
  readCollateralFile,
  withPckChain,
  type CollateralSource,
  type ObtainedCollateral,
} from '../evidence/collateral-of.ts';
import type { CertificateFound, Found, Piece } from '../evidence/found.ts';
import { readPckFile, type PckFile } from '../evidence/pck-file.ts';
import type { Input } from '../evidence/read-input.ts';
import { recognise } from '../evidence/recognise.ts';
import { bindingWanted, refuseUsage } from '../failure.ts';
import { readPolicy } from './policy-file.ts';
import { trustedRoots, type RootOptions } from './trusted-roots.ts';

export interface VerifyOptions {
  /** What was read: see `readInput`. */
  readonly input: Input;
  readonly collateral: CollateralSource;
  /** The PCK certificate of a quote that does not carry its own. */
  readonly pckFile?: string;
  readonly roots: RootOptions;
  /** The time of verification. */
  readonly now: Date;
  /**
   * What to accept, and what ties the quote to this use. Without a binding the
   * key of the certificate that carried the quote must do. Without this nothing is appraised.
   */
  readonly appraisal?: { readonly policyFile: string; readonly binding?: Binding };
}

/** One step: those of the verifier, then that of the certificate where there is one. */
export interface VerifyStep extends Omit<StepResult, 'id'> {
  readonly id: StepResult['id'] | 'certificate-binding';
}

/** The certificate that carried the evidence. */
export interface CarrierFacts {
  readonly subject: string;
  /** The way in which its key is tied to the evidence; absent when none is known here, or none holds. */
  readonly scheme?: string;
  /** Undefined: it uses no way that is known here. */
  readonly keyBound?: boolean;
  /** A server showed that it has the key. */
  readonly keyProved: boolean;
}

export interface VerifyOutcome {
  /** From the outside, what the evidence was in. */
  readonly path: readonly string[];
  /** How many bytes followed the evidence; they are ignored. */
  readonly trailingBytes: number;
  readonly steps: readonly VerifyStep[];
  /** Absent when a step of the verifier failed. */
  readonly verdict?: QuoteVerdict;
  readonly certificate?: CarrierFacts;
  /** Present when the policy accepted it. */
  readonly evidence?: VerifiedEvidence;
  /** What ties accepted evidence to its use: see `Binding`; `certificate-key` when the key of its certificate does. */
  readonly binding?: VerifiedEvidence['binding'] | { readonly kind: 'certificate-key'; readonly scheme: string };
  /** Why it is refused: evidence or policy. */
  readonly refusal?: EnclosError;
  /** What the endorsements client noticed while it got the collateral. */
  readonly notices: readonly Notice[];
}

/**
 * Finds the evidence in what was read, verifies it in numbered steps and, with
 * a policy, appraises it. A refusal of evidence, collateral or policy is in the
 * outcome, beside the steps.
 * @throws CLI_ROOT_UNKNOWN, CLI_USAGE, and for files, options and services that cannot be used.
 */
export async function verify(options: VerifyOptions): Promise<VerifyOutcome> {
  const { input, collateral: source, pckFile } = options;
  const found = recognise(input.bytes);
  const given = 'file' in source ? await readCollateralFile(source.file) : undefined;
  const policy = options.appraisal === undefined ? undefined : await readPolicy(options.appraisal.policyFile);
  const pck = pckFile === undefined ? undefined : await readPckFile(pckFile);
  // Before anything is said about a step: whom to trust must be clear.
  if (given !== undefined) await trustedRoots(options.roots, given.json);
  const piece = choosePiece(found);
  if (piece?.certificate === undefined) requireBinding(options);
  try {
    const evidence = requireQuote(found, piece);
    const collateral = given ?? (await fetchCollateralFor(evidence.evidence.bytes, asFetch(source), pck));
    return await verifyPiece(evidence, { ...options, collateral, pck, policy });
  } catch (error) {
    if (!isEnclosError(error, 'EVIDENCE_REFUSED') && !isEnclosError(error, 'ENDORSEMENTS_INVALID')) throw error;
    return { ...refused(error), ...placeOf(piece) };
  }
}

type Prepared = Omit<VerifyOptions, 'collateral'> & {
  readonly collateral: ObtainedCollateral;
  readonly pck: PckFile | undefined;
  readonly policy: AppraisalPolicy | undefined;
};

function asFetch(source: CollateralSource): Extract<CollateralSource, { readonly fetch: unknown }> {
  if ('fetch' in source) return source;
  throw new TypeError('The collateral of a file has been read already.');
}

function requireQuote(found: Found, piece: Piece | undefined): Piece {
  if (piece !== undefined) return piece;
  throw new EnclosError('EVIDENCE_REFUSED', nothingFound(found), {
    details: { step: 'quote-format', status: 'UNSUPPORTED_QUOTE_FORMAT' },
  });
}

function placeOf(piece: Piece | undefined): Pick<VerifyOutcome, 'path' | 'trailingBytes'> {
  return { path: piece?.path ?? [], trailingBytes: piece?.evidence.trailingBytes ?? 0 };
}

function refused(refusal: EnclosError): Pick<VerifyOutcome, 'steps' | 'refusal' | 'notices'> {
  // Collateral that cannot be read is refused before the first step.
  const steps = isEnclosError(refusal, 'ENDORSEMENTS_INVALID')
    ? verificationSteps.map((step, index) => ({ number: index + 1, ...step, status: 'not reached' as const }))
    : stepResults(refusal);
  return { steps, refusal, notices: [] };
}

async function verifyPiece(piece: Piece, options: Prepared): Promise<VerifyOutcome> {
  const { collateral, pck, now } = options;
  const { bytes } = piece.evidence;
  const json = pck === undefined || carriesChain(bytes) === true ? collateral.json : withPckChain(collateral.json, pck);
  const roots = await trustedRoots(options.roots, json);
  const verdict = await verifyQuote(bytes, parseCollateral(json), { roots, now });
  const common = { ...placeOf(piece), notices: collateral.notices };
  if (piece.certificate === undefined) return { ...common, ...appraised({ steps: stepResults(), verdict }, options) };
  const certificate = carrierFacts(piece.certificate, verdict, options.input);
  const steps = [...stepResults(), bindingStep(certificate)];
  if (certificate.keyBound === false) {
    const refusal = new EnclosError(
      'EVIDENCE_REFUSED',
      'The quote is genuine, but it does not vouch for the key of the certificate that carries it.',
      { details: { step: 'certificate-binding', status: 'CERTIFICATE_KEY_NOT_BOUND' } },
    );
    return { ...common, steps, verdict, certificate, refusal };
  }
  return { ...common, ...appraised({ steps, verdict, certificate }, options) };
}

function carriesChain(quote: Uint8Array): boolean | undefined {
  try {
    return carriesPckChain(parseQuote(quote).signature.certificationDataType);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    // The verifier says what is wrong with it.
    return undefined;
  }
}

function carrierFacts({ der }: CertificateFound, { report }: QuoteVerdict, { from }: Input): CarrierFacts {
  const shape = readCertificate(der);
  const bound = bindingOf(shape, fromHex(report.reportData));
  return {
    subject: shape.subject,
    keyProved: from === 'tls',
    ...(bound === undefined ? {} : { keyBound: bound !== false }),
    ...(typeof bound === 'string' ? { scheme: bound } : {}),
  };
}

function bindingStep({ keyBound }: CarrierFacts): VerifyStep {
  return {
    number: verificationSteps.length + 1,
    id: 'certificate-binding',
    title: 'The report data vouches for the key of the certificate',
    status: keyBound === undefined ? 'not reached' : keyBound ? 'passed' : 'failed',
  };
}

/** @throws CLI_USAGE when a policy is given, and nothing that ties the evidence to its use. */
function requireBinding({ appraisal }: Pick<VerifyOptions, 'appraisal'>): void {
  if (appraisal !== undefined && appraisal.binding === undefined) refuseUsage(bindingWanted);
}

type Verified = Pick<VerifyOutcome, 'steps' | 'certificate'> & { readonly verdict: QuoteVerdict };
type Appraised = Pick<VerifyOutcome, 'steps' | 'certificate' | 'verdict' | 'evidence' | 'binding' | 'refusal'>;

function appraised(verified: Verified, { appraisal, policy, now }: Prepared): Appraised {
  if (policy === undefined || appraisal === undefined) return verified;
  const { verdict, certificate } = verified;
  const scheme = certificate?.scheme;
  const given = appraisal.binding;
  if (scheme === undefined) requireBinding({ appraisal });
  // The certificate's own bytes have just been found to be what the report data vouches for.
  const binding = given ?? { reportData: fromHex(verdict.report.reportData) };
  try {
    const evidence = appraise(verdict, policy, binding, { now });
    const byCertificate = given === undefined && scheme !== undefined;
    return {
      ...verified,
      evidence,
      binding: byCertificate ? { kind: 'certificate-key', scheme } : evidence.binding,
    };
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    return { ...verified, refusal: error };
  }
}

import type { Binding, QuoteVerdict, SnpVerdict, VerifiedEvidence, VerifiedSnpEvidence } from '@enclos/attestation';
import type { Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { fromHex } from '@enclos/codec';
import { readCertificate } from '../evidence/certificate.ts';
import { choosePiece, nothingFound } from '../evidence/choose.ts';
import { readCollateralFile, type CollateralSource } from '../evidence/collateral-of.ts';
import { certificatesIn, type CertificateFound, type Piece } from '../evidence/found.ts';
import { keyBinding, type KeyBinding } from '../evidence/key-binding.ts';
import { readPckFile } from '../evidence/pck-file.ts';
import type { Input } from '../evidence/read-input.ts';
import { recognise } from '../evidence/recognise.ts';
import { stepsOf, type VerifyStep } from '../evidence/step-list.ts';
import { appraiseVerdict, verifyEvidence, type Given } from '../evidence/verify-evidence.ts';
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
   * What to accept, and what ties the evidence to this use. Without a binding the
   * key of the certificate that carried it must do. Without this nothing is appraised.
   */
  readonly appraisal?: { readonly policyFile: string; readonly binding?: Binding };
}

/** The certificate that carried the evidence. */
export interface CarrierFacts extends KeyBinding {
  readonly subject: string;
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
  readonly verdict?: QuoteVerdict | SnpVerdict;
  readonly certificate?: CarrierFacts;
  /** Present when the policy accepted it. */
  readonly evidence?: VerifiedEvidence | VerifiedSnpEvidence;
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
  const fromFile = 'file' in source ? await readCollateralFile(source.file) : undefined;
  const policy = options.appraisal === undefined ? undefined : await readPolicy(options.appraisal.policyFile);
  const pck = pckFile === undefined ? undefined : await readPckFile(pckFile);
  const piece = choosePiece(found);
  const form = piece?.evidence.form ?? 'quote';
  // Before anything is said about a step: whom to trust must be clear.
  if (fromFile !== undefined && form === 'quote') await trustedRoots(options.roots, fromFile.json);
  if (piece?.certificate === undefined) requireBinding(options);
  const place = { path: piece?.path ?? [], trailingBytes: piece?.evidence.trailingBytes ?? 0, notices: [] };
  try {
    if (piece === undefined) throw unreadable(nothingFound(found));
    const given = { ...options, source, fromFile, pck, policy, carried: certificatesIn(found) };
    const { verdict, notices } = await verifyEvidence(piece.evidence, given);
    return { ...place, notices, ...(await conclude({ piece, verdict }, given)) };
  } catch (error) {
    if (!isEnclosError(error, 'EVIDENCE_REFUSED') && !isEnclosError(error, 'ENDORSEMENTS_INVALID')) throw error;
    return { ...place, steps: stepsOf(form, error), refusal: error };
  }
}

function unreadable(message: string): EnclosError {
  const details = { step: 'quote-format', status: 'UNSUPPORTED_QUOTE_FORMAT' };
  return new EnclosError('EVIDENCE_REFUSED', message, { details });
}

/** @throws CLI_USAGE when a policy is given, and nothing that ties the evidence to its use. */
function requireBinding({ appraisal }: Pick<VerifyOptions, 'appraisal'>): void {
  if (appraisal !== undefined && appraisal.binding === undefined) refuseUsage(bindingWanted);
}

interface Verified {
  readonly piece: Piece;
  readonly verdict: QuoteVerdict | SnpVerdict;
}

type Judged = Given & Pick<VerifyOptions, 'input' | 'appraisal'>;
type Conclusion = Omit<VerifyOutcome, 'path' | 'trailingBytes' | 'notices'>;

/** What follows from a verdict: whether the certificate is bound to it, and whether the policy accepts it. */
async function conclude({ piece, verdict }: Verified, given: Judged): Promise<Conclusion> {
  const steps = stepsOf(piece.evidence.form);
  if (piece.certificate === undefined) return appraised({ steps, verdict }, given);
  const certificate = await carrierFacts(piece.certificate, { piece, verdict }, given.input);
  const all = [...steps, bindingStep(steps.length + 1, certificate)];
  if (certificate.keyBound !== false) return appraised({ steps: all, verdict, certificate }, given);
  const refusal = new EnclosError(
    'EVIDENCE_REFUSED',
    'The evidence is genuine, but it does not vouch for the key of the certificate that carries it.',
    { details: { step: 'certificate-binding', status: 'CERTIFICATE_KEY_NOT_BOUND' } },
  );
  return { steps: all, verdict, certificate, refusal };
}

async function carrierFacts(
  { der }: CertificateFound,
  { piece, verdict }: Verified,
  { from }: Input,
): Promise<CarrierFacts> {
  const binding = await keyBinding(der, piece.evidence.bytes, verdict.report.reportData);
  return { subject: readCertificate(der).subject, keyProved: from === 'tls', ...binding };
}

function bindingStep(number: number, { keyBound }: CarrierFacts): VerifyStep {
  return {
    number,
    id: 'certificate-binding',
    title: 'The report data vouches for the key of the certificate',
    status: keyBound === undefined ? 'not reached' : keyBound ? 'passed' : 'failed',
  };
}

function appraised(
  verified: Pick<Conclusion, 'steps' | 'certificate'> & Pick<Verified, 'verdict'>,
  { appraisal, policy, now }: Judged,
): Conclusion {
  if (policy === undefined || appraisal === undefined) return verified;
  const { verdict, certificate } = verified;
  const scheme = certificate?.scheme;
  if (scheme === undefined) requireBinding({ appraisal });
  // The certificate's own bytes have just been found to be what the report data vouches for.
  const binding = appraisal.binding ?? { reportData: fromHex(verdict.report.reportData) };
  try {
    const evidence = appraiseVerdict(verdict, policy, binding, now);
    const byCertificate = appraisal.binding === undefined && scheme !== undefined;
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

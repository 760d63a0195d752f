import { validityOf, type Validity, type VerifiedEvidence, type VerifiedMachineEvidence } from '@enclos/attestation';
import { refuseUsage } from '@enclos/cli-frame';
import type { Notice } from '@enclos/endorsements';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { fromHex, toHex } from '@enclos/codec';
import { describeCertificate, certificatesIn, type CertificateFinding, type Piece, recognise } from '@enclos/evidence';
import { boundDataOf, stepListOf, stepsOf, type VerifyStep, subjectOf, type AnyVerdict } from '@enclos/evidence/verify';
import { choosePiece, nothingFound } from '../../evidence/choose.ts';
import { readCollateralFile, type CollateralSource } from '../../evidence/collateral-of.ts';
import { keyBinding, type KeyBinding } from '../../evidence/key-binding.ts';
import { readPckFile } from '../../evidence/pck-file.ts';
import type { Input } from '../../evidence/read-input.ts';
import {
  appraiseVerdict,
  verifyEvidence,
  type AnyBinding,
  type AnyVerifiedEvidence,
  type VerificationSettings,
} from '../../evidence/verify-evidence.ts';
import { bindingWanted } from '../../evidence/binding.ts';
import { readPolicy } from '../../policy/file.ts';
import { trustedRoots, type RootOptions } from '../../evidence/trusted-roots.ts';

export interface VerifyOptions {
  /** What was read: see `readInput`. */
  readonly input: Input;
  readonly collateral: CollateralSource;
  /** The PCK certificate of a quote that does not carry its own. */
  readonly pckFile?: string | undefined;
  readonly roots: RootOptions;
  /** The time of verification. */
  readonly now: Date;
  /**
   * What to accept, and what ties the evidence to this use. Without a binding the
   * key of the certificate that carried it must do. Without this nothing is appraised.
   */
  readonly appraisal?: { readonly policyFile: string; readonly binding?: AnyBinding } | undefined;
}

/** The certificate that carried the evidence. */
export interface CarrierFacts extends KeyBinding {
  readonly subject: string;
  /** A server showed that it has the key. */
  readonly keyProved: boolean;
  /** How many other certificates the input holds, of whose keys nothing is known. Absent for none. */
  readonly otherCertificates?: number;
}

export interface VerifyOutcome {
  /** From the outside, what the evidence was in. */
  readonly path: readonly string[];
  /** How many bytes followed the evidence; they are ignored. */
  readonly trailingBytes: number;
  readonly steps: readonly VerifyStep[];
  /** The input holds no evidence, so the first step had nothing to look at. */
  readonly noEvidence?: true;
  /** Absent when a step of the verifier failed. */
  readonly verdict?: AnyVerdict;
  /** What dates say about the verdict; present with it. */
  readonly validity?: Validity;
  /** All that was verified is the hardware's report in an HCL report: nothing says what the vTPM measured. */
  readonly onlyHardware?: true;
  readonly certificate?: CarrierFacts;
  /** Present when the policy accepted it. */
  readonly evidence?: AnyVerifiedEvidence;
  /** What ties accepted evidence to its use: see `Binding`; `certificate-key` when the key of its certificate does. */
  readonly binding?:
    | VerifiedEvidence['binding']
    | VerifiedMachineEvidence['binding']
    | { readonly kind: 'certificate-key'; readonly scheme: string };
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
  // The roots must be known before any step is reported.
  if (fromFile !== undefined && form === 'quote') await trustedRoots(options.roots, fromFile.json);
  requireBinding(options, piece);
  const place = {
    path: piece?.path ?? [],
    trailingBytes: piece?.evidence.trailingBytes ?? 0,
    notices: [],
    ...(piece?.inHclReport === true ? { onlyHardware: true as const } : {}),
  };
  let list = stepListOf({ form });
  try {
    if (piece === undefined) throw unreadable(nothingFound(found));
    const subject = subjectOf(piece.evidence);
    list = stepListOf(subject);
    const given = { ...options, source, fromFile, pck, policy, carried: certificatesIn(found) };
    const { verdict, notices } = await verifyEvidence(subject, given);
    const validity = validityOf(verdict);
    return { ...place, notices, validity, ...(await conclude({ piece, verdict, steps: stepsOf(list) }, given)) };
  } catch (error) {
    if (!isEnclosError(error, 'EVIDENCE_REFUSED') && !isEnclosError(error, 'ENDORSEMENTS_INVALID')) throw error;
    const noEvidence = piece === undefined ? { noEvidence: true as const } : {};
    return { ...place, ...noEvidence, steps: stepsOf(list, error), refusal: error };
  }
}

function unreadable(message: string): EnclosError {
  const details = { step: 'quote-format', status: 'UNSUPPORTED_QUOTE_FORMAT' };
  return new EnclosError('EVIDENCE_REFUSED', message, { details });
}

/** @throws CLI_USAGE when a policy is given, and nothing that ties the evidence to its use, or what such evidence has not. */
function requireBinding({ appraisal }: Pick<VerifyOptions, 'appraisal'>, piece: Piece | undefined): void {
  if (appraisal === undefined) return;
  const { binding } = appraisal;
  if (binding === undefined && piece?.certificate === undefined) refuseUsage(bindingWanted);
  const hasNonce = piece?.evidence.form === 'azure-evidence';
  if (binding !== undefined && 'nonce' in binding && !hasNonce) refuseUsage(bindingWanted);
}

interface PieceVerdict {
  readonly piece: Piece;
  readonly verdict: AnyVerdict;
  readonly steps: readonly VerifyStep[];
}

type VerificationRequest = VerificationSettings & Pick<VerifyOptions, 'input' | 'appraisal'>;
type Conclusion = Omit<VerifyOutcome, 'path' | 'trailingBytes' | 'notices' | 'validity'>;

/** What follows from a verdict: whether the certificate is bound to it, and whether the policy accepts it. */
async function conclude({ piece, verdict, steps }: PieceVerdict, given: VerificationRequest): Promise<Conclusion> {
  if (piece.certificate === undefined) return appraised({ steps, verdict }, given);
  const certificate = await carrierFacts(piece.certificate, { piece, verdict }, given);
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
  { der }: CertificateFinding,
  { piece, verdict }: Pick<PieceVerdict, 'piece' | 'verdict'>,
  { input: { from }, carried }: VerificationRequest,
): Promise<CarrierFacts> {
  const binding = await keyBinding(der, piece.evidence.bytes, boundDataOf(verdict));
  const others = new Set(carried.map(toHex)).size - 1;
  return {
    subject: describeCertificate(der).subject,
    keyProved: from === 'tls',
    ...(others > 0 ? { otherCertificates: others } : {}),
    ...binding,
  };
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
  verified: Pick<Conclusion, 'steps' | 'certificate'> & Pick<PieceVerdict, 'verdict'>,
  { appraisal, policy, now }: VerificationRequest,
): Conclusion {
  if (policy === undefined || appraisal === undefined) return verified;
  const { verdict, certificate } = verified;
  const scheme = certificate?.scheme;
  if (appraisal.binding === undefined && scheme === undefined) refuseUsage(bindingWanted);
  // The certificate's own bytes have just been found to be what the report data vouches for.
  const binding = appraisal.binding ?? { reportData: fromHex(boundDataOf(verdict)) };
  const nonceStep = (refusal?: EnclosError): Pick<Conclusion, 'steps'> => ({
    steps: withNonce(verified, appraisal.binding, refusal),
  });
  try {
    const evidence = appraiseVerdict(verdict, policy, binding, now);
    const byCertificate = appraisal.binding === undefined && scheme !== undefined;
    return {
      ...verified,
      ...nonceStep(),
      evidence,
      binding: byCertificate ? { kind: 'certificate-key', scheme } : evidence.binding,
    };
  } catch (error) {
    if (!isEnclosError(error, 'APPRAISAL_REFUSED')) throw error;
    return { ...verified, ...nonceStep(error), refusal: error };
  }
}

/** The last link of the chain of an Azure VM, where something was expected of it. */
function withNonce(
  { verdict, steps }: Pick<PieceVerdict, 'verdict' | 'steps'>,
  expected: AnyBinding | undefined,
  refusal: EnclosError | undefined,
): readonly VerifyStep[] {
  if (verdict.tee !== 'azure-vtpm' || expected === undefined || 'unbound' in expected) return steps;
  const isWrong = refusal?.details['field'] === 'binding';
  const step = {
    number: steps.length + 1,
    id: 'vtpm-nonce',
    title: 'The TPM quote was made for the expected nonce',
    status: refusal === undefined ? 'passed' : isWrong ? 'failed' : 'not reached',
  } as const;
  return [...steps, step];
}

import { isEnclosError } from '@enclos/errors';
import { piecesIn, recognise } from '@enclos/evidence';
import {
  hardwareOf,
  stepListOf,
  stepsOf,
  subjectOf,
  verifyEvidence,
  type Subject,
  type VerifyInputs,
} from '@enclos/evidence/verify';
import type { AmdCollateral, Missing, Request, Verification } from './outcome.ts';

type Steps = Parameters<typeof stepsOf>[0];

/** Verifies evidence of any form, as soon as there is something to do it with. */
export async function verifyRequest(request: Request): Promise<Verification> {
  const { evidence } = request;
  if (evidence === undefined) return { kind: 'waiting', missing: ['evidence', ...missingOfQuote(request)] };
  const { kind: form, bytes } = evidence;
  if (form === 'hcl-report') return verifyHclReport(bytes, request);
  let subject;
  try {
    subject = subjectOf({ form, bytes });
  } catch (error) {
    return refusal(error, stepListOf({ form }));
  }
  return verifySubject(subject, request);
}

/** An HCL report alone: of SEV-SNP the report in it can be verified, of TDX nothing. */
async function verifyHclReport(bytes: Uint8Array, request: Request): Promise<Verification> {
  const piece = piecesIn(recognise(bytes)).find(({ inHclReport }) => inHclReport);
  if (piece === undefined) return { kind: 'waiting', missing: ['machine'] };
  return verifySubject(subjectOf(piece.evidence), request);
}

async function verifySubject(subject: Subject, request: Request): Promise<Verification> {
  const amd = { ...request.amd, leaf: leafFor(subject, request.amd) };
  const isQuote = hardwareOf(subject).form === 'quote';
  const missing = isQuote ? missingOfQuote(request) : missingOfReport({ ...request, amd });
  if (missing.length > 0) return { kind: 'waiting', missing };
  const steps = stepListOf(subject);
  try {
    const verdict = await verifyEvidence(subject, inputsOf(request, amd));
    return { kind: 'genuine', verdict, steps: stepsOf(steps) };
  } catch (error) {
    return refusal(error, steps);
  }
}

function refusal(error: unknown, steps: Steps): Verification {
  if (isEnclosError(error, 'ENDORSEMENTS_INVALID')) return { kind: 'malformed', error };
  if (isEnclosError(error, 'EVIDENCE_REFUSED')) return { kind: 'refused', error, steps: stepsOf(steps, error) };
  throw error;
}

/** A certificate that was dropped beside the evidence goes before the one that came with it. */
function leafFor(subject: Subject, { leaf }: AmdCollateral): Uint8Array | undefined {
  if (leaf !== undefined || subject.form !== 'azure-evidence') return leaf;
  return subject.document.hardware === 'sev-snp' ? subject.document.signingKeyCertificate : undefined;
}

function inputsOf(request: Request, { leaf, authority, root, revocationList }: AmdCollateral): VerifyInputs {
  const { collateral, roots, amdRoots, now, allowTrailingBytes } = request;
  return {
    collateral,
    snpCollateral: {
      ...(leaf === undefined ? {} : { signingKeyCertificate: leaf }),
      ...(authority === undefined || root === undefined ? {} : { certificateChain: [authority, root] }),
      ...(revocationList === undefined ? {} : { revocationList }),
    },
    roots: () => Promise.resolve(roots),
    amdRoots: () => Promise.resolve(amdRoots),
    now,
    allowTrailingBytes,
  };
}

/** What a quote is verified with, and is not there. */
function missingOfQuote({ collateral, roots }: Request): readonly Missing[] {
  return [
    ...(collateral === undefined ? ['collateral' as const] : []),
    ...(roots.length === 0 ? ['root' as const] : []),
  ];
}

/** What a report is verified with, and is not there. */
function missingOfReport({ amd, amdRoots }: Pick<Request, 'amd' | 'amdRoots'>): readonly Missing[] {
  return [
    ...(amd.leaf === undefined ? ['amd-leaf' as const] : []),
    ...(amd.authority === undefined || amd.root === undefined ? ['amd-authority' as const] : []),
    ...(amdRoots.length === 0 ? ['amd-root' as const] : []),
  ];
}

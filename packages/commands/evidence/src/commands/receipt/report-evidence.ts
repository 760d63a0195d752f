import { createHash } from 'node:crypto';
import { validityOf, type Validity } from '@enclos/attestation';
import { readSmallText } from '@enclos/cli-frame/files';
import { toHex } from '@enclos/codec';
import { parseJson } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { recognise } from '@enclos/evidence';
import { boundDataOf, subjectOf, type AnyVerdict } from '@enclos/evidence/verify';
import { parseKeySet } from '@enclos/hpke';
import { modelManifestDigest } from '@enclos/inference-models';
import { signatureKeyOfSpki, type SignatureKey } from '@enclos/jose';
import { inferenceReportData, readInferenceReport, type ExpectedClaims, type InferenceReport } from '@enclos/receipts';
import { choosePiece } from '../../evidence/choose.ts';
import { readCollateralFile, type CollateralSource, type ObtainedCollateral } from '../../evidence/collateral-of.ts';
import type { RootOptions } from '../../evidence/trusted-roots.ts';
import { appraiseVerdict, verifyEvidence } from '../../evidence/verify-evidence.ts';
import { readPolicy } from '../../policy/file.ts';

export interface ReportOptions {
  /** The answer to GET /v1/attestation/report. */
  readonly path: string;
  /** Undefined for what the service sent along in the report, which is fetched when it sent none. */
  readonly collateral: CollateralSource | undefined;
  readonly fallback: CollateralSource;
  readonly roots: RootOptions;
  readonly policyFile: string | undefined;
  readonly now: Date;
}

/** What the evidence of a report vouches for. */
export interface VouchedKeys {
  readonly verdict: AnyVerdict;
  readonly validity: Validity;
  readonly appraised: boolean;
  /** The keys of receipts. */
  readonly key: SignatureKey;
  /** What each receipt of this enclave must say. */
  readonly expected: ExpectedClaims;
}

const maximumReportBytes = 1_048_576;

/**
 * Verifies the evidence of a report, that it vouches for the key set and the list of models beside it, and, with a policy, appraises it.
 *
 * @throws RECEIPT_REPORT_INVALID, EVIDENCE_REFUSED, ENDORSEMENTS_INVALID, APPRAISAL_REFUSED, OHTTP_KEYS_INVALID, and for files, roots
 * and services that cannot be used.
 */
export async function verifyReport({ path, roots, policyFile, now, ...given }: ReportOptions): Promise<VouchedKeys> {
  const report = readInferenceReport(await readSmallText(path, maximumReportBytes));
  const policy = policyFile === undefined ? undefined : await readPolicy(policyFile);
  const piece = choosePiece(recognise(report.evidence.value));
  if (piece === undefined) return refuse('quote-format', 'UNSUPPORTED_QUOTE_FORMAT', 'The report holds no evidence.');
  const source = given.collateral ?? given.fallback;
  const fromFile = given.collateral === undefined ? sentAlong(report) : await ofFile(given.collateral);
  const settings = { source, fromFile, pck: undefined, policy, roots, now, carried: [] };
  const { verdict } = await verifyEvidence(subjectOf(piece.evidence), settings);
  const keySetDigest = createHash('sha256').update(report.keySet).digest();
  const reportData = await inferenceReportData(keySetDigest, report.nonce);
  // A TPM quote has room for the hash alone.
  if (!toHex(reportData).startsWith(boundDataOf(verdict)) || boundDataOf(verdict).length < 64) {
    return refuse(
      'key-set-binding',
      'KEY_SET_NOT_BOUND',
      'The evidence is genuine, and does not vouch for the key set.',
    );
  }
  const keySet = parseKeySet(report.keySet);
  if ((await modelManifestDigest(report)) !== toHex(keySet.modelManifestDigest)) {
    return refuse(
      'model-list',
      'MODELS_NOT_BOUND',
      'The key set is genuine, and does not vouch for the list of models in the report.',
    );
  }
  if (policy !== undefined) appraiseVerdict(verdict, policy, { reportData }, now);
  return Object.freeze({
    verdict,
    validity: validityOf(verdict),
    appraised: policy !== undefined,
    key: receiptKeyOf(keySet.receiptKey),
    expected: {
      ...identityOf(verdict),
      keySetDigest: toHex(keySetDigest),
      // Receipts name the evidence that was made once for the key set, which has no nonce.
      ...(report.nonce === undefined ? { evidenceDigest: sha256(report.evidence.value) } : {}),
    },
  });
}

/** A root has signed it, wherever it comes from. @throws CODEC errors for what is not JSON */
function sentAlong({ endorsements }: InferenceReport): ObtainedCollateral | undefined {
  return endorsements === undefined ? undefined : { json: parseJson(endorsements, maximumReportBytes), notices: [] };
}

async function ofFile(source: CollateralSource): Promise<ObtainedCollateral | undefined> {
  return 'file' in source ? readCollateralFile(source.file) : undefined;
}

function identityOf(verdict: AnyVerdict): ExpectedClaims {
  switch (verdict.tee) {
    case 'sgx':
      return { tee: verdict.tee, measurement: verdict.report.mrEnclave };
    case 'tdx':
      return { tee: verdict.tee, measurement: verdict.report.mrTd };
    case 'sev-snp':
      return { tee: verdict.tee, measurement: verdict.report.measurement };
    case 'azure-vtpm':
      return { tee: verdict.tee, measurement: identityOf(verdict.hardware).measurement ?? '' };
  }
}

function receiptKeyOf(spki: Uint8Array): SignatureKey {
  try {
    return signatureKeyOfSpki(spki);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    throw new EnclosError('RECEIPT_KEY_UNKNOWN', 'The key set of the report has no key for receipts.', {
      cause: error,
    });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function refuse(step: string, status: string, message: string): never {
  throw new EnclosError('EVIDENCE_REFUSED', message, { details: { step, status } });
}

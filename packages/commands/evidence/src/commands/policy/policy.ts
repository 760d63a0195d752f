import type { SnpProduct } from '@enclos/attestation';
import type { Diagnostic } from '@enclos/build/diagnostics';
import { toDiagnostic, type Policy } from '@enclos/claim-rules';
import { refuseUsage } from '@enclos/cli-frame';
import { requireFolderOf } from '@enclos/cli-frame/files';
import { durable } from '@enclos/durable';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { recognise } from '@enclos/evidence';
import { parseClaimRules } from './read-claim-rules.ts';
import { policySourceOf } from '../../policy/claim-rules-source.ts';
import { isClaimRules } from '../../policy/claim-rules.ts';
import { claimRuleSentences } from './claim-rules-sentences.ts';
import { choosePiece, nothingFound } from '../../evidence/choose.ts';
import type { Input } from '../../evidence/read-input.ts';
import { draftOfAzure } from './azure-draft.ts';
import { draftOfReport } from './snp-draft.ts';
import { draftOfMeasurement, draftOfQuote, type KnownMeasurement, type PolicyDraft } from './draft.ts';
import { type AnyPolicy } from '../../evidence/appraisal-policy.ts';
import { checkPolicyText } from '../../policy/check.ts';
import { policySentences } from './sentences.ts';
import { readPolicyText } from '../../policy/file.ts';

export interface CheckedPolicy {
  readonly language: 'appraisal';
  readonly path: string;
  readonly policy: AnyPolicy;
  /** What it accepts and refuses. */
  readonly sentences: readonly string[];
}

/** The same of a policy in the claim-rule language of Azure Attestation. */
export interface CheckedClaimRules {
  readonly language: 'claim-rules';
  readonly path: string;
  /** What around the policy was taken off, and not verified. */
  readonly foundIn?: string;
  readonly policy: Policy;
  /** What is allowed and probably not meant. */
  readonly warnings: readonly Diagnostic[];
  readonly sentences: readonly string[];
}

/**
 * Checks a policy of either language, and says what it accepts. One of claim rules may be in its JWS, or in the answer
 * of an attestation service.
 * @throws CLI_FILE_UNREADABLE; CLI_FILE_INVALID for an answer without a policy; CLI_POLICY_INVALID, CLAIM_RULES_SYNTAX and its kind with a diagnostic for each problem
 */
export async function checkPolicy(path: string): Promise<CheckedPolicy | CheckedClaimRules> {
  const { text, foundIn } = policySourceOf(path, await readPolicyText(path));
  if (foundIn === undefined && !isClaimRules(text)) {
    const policy = await checkPolicyText(path, text);
    return { language: 'appraisal', path, policy, sentences: policySentences(policy) };
  }
  const { policy } = parseClaimRules(path, text);
  const warnings = policy.warnings.map((warning) => {
    const diagnostic = toDiagnostic(warning, { file: path, text });
    return { ...diagnostic, severity: 'warning' as const };
  });
  const sentences = claimRuleSentences(policy);
  return { language: 'claim-rules', path, ...(foundIn === undefined ? {} : { foundIn }), policy, warnings, sentences };
}

interface FromEvidence {
  readonly input: Input;
  readonly by: 'measurement' | 'signer';
  /** Accept a software platform in single-user mode. */
  readonly acceptSingleUser?: boolean | undefined;
  /** The AMD product of a report of version 2, which does not name it. */
  readonly product?: SnpProduct | undefined;
}

export type InitPolicyOptions = (FromEvidence | KnownMeasurement) & {
  /** Where it is written; it is never written over a file. */
  readonly outFile?: string | undefined;
};

export interface InitialPolicy extends PolicyDraft {
  /** What it accepts and refuses. */
  readonly sentences: readonly string[];
  readonly outFile?: string;
}

/**
 * Makes a strict policy from a quote or a measurement.
 * @throws EVIDENCE_REFUSED when there is no quote, CLI_USAGE when there are several, BUILD_FILE_EXISTS, CLI_SYSTEM_REFUSED when the folder of `outFile` does not exist
 */
export async function initPolicy(options: InitPolicyOptions): Promise<InitialPolicy> {
  const made = 'input' in options ? draftOf(options) : draftOfMeasurement(options);
  const draft = { ...made, sentences: policySentences(made.policy) };
  const { outFile } = options;
  if (outFile === undefined) return draft;
  await writeNew(outFile, policyText(draft.policy));
  return { ...draft, outFile };
}

/** As it is written into a file. */
export function policyText({ rules }: AnyPolicy): string {
  return `${JSON.stringify(rules, undefined, 2)}\n`;
}

function draftOf({ input: { bytes }, by, product, acceptSingleUser }: FromEvidence): PolicyDraft {
  const found = recognise(bytes);
  const piece = choosePiece(found);
  const refuse = (message: string, cause?: unknown): never => {
    const details = { step: 'quote-format', status: 'UNSUPPORTED_QUOTE_FORMAT' };
    throw new EnclosError('EVIDENCE_REFUSED', message, { details, cause });
  };
  if (piece === undefined) return refuse(nothingFound(found));
  const { form, bytes: evidence } = piece.evidence;
  try {
    if (form === 'quote') return draftOfQuote(evidence, { by, acceptSingleUser });
    if (acceptSingleUser === true) refuseUsage('--single-user is for the quotes of software platforms.');
    return form === 'azure-evidence' ? draftOfAzure(evidence, product) : draftOfReport(evidence, product);
  } catch (error) {
    if (!isEnclosError(error, 'SGX_QUOTE_INVALID')) throw error;
    return refuse(error.message, error);
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  await requireFolderOf(path);
  if (await durable.add(path, text, { mode: 0o666 })) return;
  throw new EnclosError('BUILD_FILE_EXISTS', `${path} already exists.`, { details: { path } });
}

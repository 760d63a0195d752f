import { BuildError } from '@enclos/build/diagnostics';
import { parsePolicy, PolicyError, toDiagnostic, type Policy } from '@enclos/claim-rules';
import { readSmallText } from '@enclos/cli-frame/files';
import { EnclosError } from '@enclos/errors';
import { jsonKindOf, readJson } from '@enclos/evidence';
import { policySourceOf } from '../../policy/claim-rules-source.ts';

/** Above what the language takes, so that the parser says what is too much. */
const maxPolicyBytes = 4 * 1024 * 1024;

/** A policy of the claim-rule language, as people know it. */
export interface ClaimRuleFile {
  readonly path: string;
  /** What around the policy was taken off, and not verified. */
  readonly foundIn?: string;
  readonly policy: Policy;
}

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLAIM_RULES_SYNTAX and its kind with a diagnostic for each problem */
export async function readClaimRules(path: string): Promise<ClaimRuleFile> {
  const { text, foundIn } = policySourceOf(path, await readSmallText(path, maxPolicyBytes));
  if (foundIn === undefined && jsonKindOf(readJson(text)) === 'policy') {
    const message = `${path} is an appraisal policy for evidence (JSON), and not a policy of claim rules: \`enclos verify --policy\` applies it, \`enclos policy check\` checks it.`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
  }
  return { ...parseClaimRules(path, text), ...(foundIn === undefined ? {} : { foundIn }) };
}

/** @throws as {@link readClaimRules} */
export function parseClaimRules(path: string, text: string): ClaimRuleFile {
  return { path, policy: withPlaces({ file: path, text }, () => parsePolicy(text)) };
}

/** What `run` gives; an error of the language becomes one with diagnostics that this command line shows. */
export function withPlaces<T>(source: { readonly file: string; readonly text: string }, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const diagnostics = error.diagnostics.map((diagnostic) => toDiagnostic(diagnostic, source));
    throw new BuildError(error.code, error.message, diagnostics, { details: { path: source.file }, cause: error });
  }
}

import { readSmallText } from '@enclos/cli-frame/files';
import { EnclosError } from '@enclos/errors';
import { policySourceOf } from './claim-rules-source.ts';
import { isClaimRules } from './claim-rules.ts';
import { type AnyPolicy } from '../evidence/appraisal-policy.ts';
import { checkPolicyText } from './check.ts';

const maxPolicyBytes = 1024 * 1024;

/**
 * Reads a policy: the rules of `SgxPolicy`, `TdxPolicy`, `SnpPolicy` or `AzureMachinePolicy` as JSON.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID also for a policy of claim rules, CLI_POLICY_INVALID with a diagnostic for each problem
 */
export async function readPolicy(path: string): Promise<AnyPolicy> {
  const text = await readPolicyText(path);
  const { foundIn } = policySourceOf(path, text);
  if (foundIn !== undefined || isClaimRules(text)) {
    const message = `${path} is a policy of claim rules, which a service applies to claims: \`enclos policy test\` evaluates it. Evidence is appraised by a policy in JSON, as \`enclos policy init\` writes it.`;
    throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
  }
  return checkPolicyText(path, text);
}

/** A policy of any language as it is written. @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
export async function readPolicyText(path: string): Promise<string> {
  return readSmallText(path, maxPolicyBytes);
}

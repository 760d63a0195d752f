import { readSmallText } from '../files.ts';
import { checkPolicyText, type AnyPolicy } from '../policy/check.ts';

const maxPolicyBytes = 1024 * 1024;

/**
 * Reads a policy: the rules of `SgxPolicy`, `TdxPolicy`, `SnpPolicy` or `AzureMachinePolicy` as JSON.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_POLICY_INVALID with a diagnostic for each problem
 */
export async function readPolicy(path: string): Promise<AnyPolicy> {
  return checkPolicyText(path, await readPolicyText(path));
}

/** A policy of any language as it is written. @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID */
export async function readPolicyText(path: string): Promise<string> {
  return readSmallText(path, maxPolicyBytes);
}

import type { AppraisalPolicy } from '@enclos/attestation';
import { readSmallText } from '../files.ts';
import { checkPolicyText } from '../policy/check.ts';

const maxPolicyBytes = 1024 * 1024;

/**
 * Reads a policy: the rules of `SgxPolicy` or `TdxPolicy` as JSON.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID, CLI_POLICY_INVALID with a diagnostic for each problem
 */
export async function readPolicy(path: string): Promise<AppraisalPolicy> {
  return checkPolicyText(path, await readSmallText(path, maxPolicyBytes));
}

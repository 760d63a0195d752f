import type { AppraisalPolicy } from '@enclos/attestation';
import { EnclosError } from '@enclos/errors';
import { readSmallJson } from '../files.ts';

const maxPolicyBytes = 1024 * 1024;

/**
 * Reads a policy: the rules of `SgxPolicy` or `TdxPolicy` as JSON. Appraisal
 * checks them, and refuses what it does not know.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function readPolicy(path: string): Promise<AppraisalPolicy> {
  const json = await readSmallJson(path, maxPolicyBytes);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new EnclosError('CLI_FILE_INVALID', `${path} is not a JSON object with the rules of a policy.`, {
      details: { path },
    });
  }
  // `appraise` checks every rule of untyped callers.
  return json as AppraisalPolicy;
}

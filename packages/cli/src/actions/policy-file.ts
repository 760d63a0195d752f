import type { SgxPolicy } from '@enclos/attestation';
import { EnclosError } from '@enclos/errors';
import { readSmallJson } from '../files.ts';

const maxPolicyBytes = 1024 * 1024;

/**
 * Reads a policy: the rules of `SgxPolicy` as JSON, with `timeFloor` as an ISO
 * date. Appraisal checks the rest, and refuses what it does not know.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function readPolicy(path: string): Promise<SgxPolicy> {
  const json = await readSmallJson(path, maxPolicyBytes);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new EnclosError('CLI_FILE_INVALID', `${path} is not a JSON object with the rules of a policy.`, {
      details: { path },
    });
  }
  const timeFloor: unknown = Reflect.get(json, 'timeFloor');
  const rules =
    timeFloor === undefined
      ? json
      : { ...json, timeFloor: typeof timeFloor === 'string' ? new Date(timeFloor) : timeFloor };
  // `appraise` checks every rule of untyped callers.
  return rules as SgxPolicy;
}

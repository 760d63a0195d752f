import {
  appraise,
  appraiseAzureMachine,
  appraiseSnp,
  unbound,
  type AppraisalPolicy,
  type AzureMachinePolicy,
  type Binding,
  type SnpPolicy,
} from '@enclos/attestation';
import type { JsonObject } from '@enclos/codec/json';
import { fromHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { boundDataOf } from '@enclos/evidence/verify';
import type { Appraisal, AppraisedBinding, Request, Verdict } from './outcome.ts';

/**
 * Holds a verdict against the policy, if there is one. The policy is as it was read: appraisal checks its rules.
 *
 * @param byKey the evidence is known to vouch for the key of the certificate that carried it.
 */
export function appraisalOf({ policy, reportData, now }: Request, verdict: Verdict, byKey: boolean): Appraisal {
  if (policy === undefined) return { kind: 'none' };
  const isByKey = byKey && reportData === undefined;
  const binding: Binding = isByKey
    ? { reportData: fromHex(boundDataOf(verdict)) }
    : reportData === undefined
      ? unbound('No report data was given to the console.')
      : { reportData };
  try {
    const accepted = appraised(verdict, policy, binding, now);
    return { kind: 'accepted', binding: isByKey ? { kind: 'certificate-key' } : accepted };
  } catch (error) {
    if (isEnclosError(error, 'APPRAISAL_REFUSED')) return { kind: 'refused', error };
    throw error;
  }
}

/** Each of these checks every rule of untyped callers. */
function appraised(verdict: Verdict, policy: JsonObject, binding: Binding, now: Date): AppraisedBinding {
  const rules: unknown = policy;
  if (verdict.tee === 'sev-snp') return appraiseSnp(verdict, rules as SnpPolicy, binding, { now }).binding;
  if (verdict.tee !== 'azure-vtpm') return appraise(verdict, rules as AppraisalPolicy, binding, { now }).binding;
  const nonce = 'reportData' in binding ? { nonce: binding.reportData } : binding;
  return appraiseAzureMachine(verdict, rules as AzureMachinePolicy, nonce, { now }).binding;
}

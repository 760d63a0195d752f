import { integer, oneOf, type JsonForm } from '@enclos/codec/json';
import type { ReplicaRule } from './replica-policy.ts';

/** Reads `by` and `minimumSecurityVersion` of an object in a configuration file; the caller ends the form. */
export function readReplicaRule(form: JsonForm): ReplicaRule {
  const by = form.required('by', oneOf('enclave', 'signer')) ?? 'enclave';
  const minimum = form.optional('minimumSecurityVersion', integer(0, 65_535));
  if (by === 'enclave' && minimum !== undefined) {
    form.problem('minimumSecurityVersion', 'is for replicas by signer: one enclave has one security version.');
  }
  if (by === 'enclave') return Object.freeze({ by });
  return Object.freeze({ by, ...(minimum === undefined ? {} : { minimumSecurityVersion: minimum }) });
}

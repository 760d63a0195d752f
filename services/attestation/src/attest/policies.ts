import { BoundedMap } from '@enclos/bounded';
import { parsePolicy, strictPolicies, type Policy, type PolicyLimits } from '@enclos/claim-rules';
import { toBase64url, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { Refusal } from '@enclos/service/refusal';
import '../errors.ts';
import { defaultPolicy } from '../policies/policy-text.ts';
import { policyHash, readStoredPolicy, type StoredPolicy } from '../policies/stored-policy.ts';
import type { TenantDocument } from '../document/document.ts';
import type { TenantConfiguration } from '../configuration/configuration.ts';
import type { AttestRequest } from './attest-request.ts';
import { draftLimits } from './policy-limits.ts';

/** A policy that is ready to be evaluated. */
export interface ReadyPolicy {
  readonly policy: Policy;
  readonly text: string;
  /** `x-ms-policy-hash`. */
  readonly hash: string;
  readonly signer?: StoredPolicy['signer'];
}

/** Where the policy of a request comes from. Only an explicitly set one counts for software evidence as it is. */
export type PolicyOrigin = 'set' | 'default' | 'draft';

export interface ChosenPolicy extends ReadyPolicy {
  readonly origin: PolicyOrigin;
}

const mostKnown = 64;

/**
 * Policies of the tenant that were parsed before, by what they were parsed from. Drafts are not among
 * them: anybody may send some, and would drive out those that every request needs.
 */
export class PolicyMemory {
  readonly #known = new BoundedMap<ReadyPolicy>(mostKnown);

  /** The tenant's policy for a type. @throws ATTESTATION_POLICY_INVALID */
  choose(
    type: AttestRequest['type'],
    document: TenantDocument,
    configuration: Pick<TenantConfiguration, 'defaultPolicies'>,
  ): ChosenPolicy {
    const stored = document.policies[type];
    if (stored !== undefined) return { ...this.#find(stored, () => ofStored(stored)), origin: 'set' };
    const text = defaultPolicy(type, configuration);
    return { ...this.#find(text, () => ofText(text)), origin: 'default' };
  }

  /** The strict default: what software evidence gets where no policy is set. */
  strict(type: AttestRequest['type']): ChosenPolicy {
    const text = strictPolicies[type];
    return { ...this.#find(text, () => ofText(text)), origin: 'default' };
  }

  #find(source: string, read: () => ReadyPolicy): ReadyPolicy {
    const known = this.#known.get(source);
    if (known !== undefined) return known;
    const ready = read();
    this.#known.set(source, ready);
    return ready;
  }
}

function ofText(text: string, limits?: PolicyLimits): ReadyPolicy {
  return Object.freeze({ policy: parsePolicy(text, limits), text, hash: policyHash(toBase64url(utf8(text))) });
}

/**
 * Reads the policy of a request. Any caller may send one, so it is read only beside evidence that is genuine, and what it may
 * be is bounded before anything of it is looked at.
 * @throws ATTESTATION_POLICY_INVALID
 */
export function readDraft(text: string): ChosenPolicy {
  return orRefuse(() => ({ ...ofText(text, draftLimits), origin: 'draft' }), 'draft-policy');
}

/** It was parsed when it was set, perhaps by another version of the service. */
function ofStored(jws: string): ReadyPolicy {
  return orRefuse(() => {
    const { encoded, text, signer } = readStoredPolicy(jws);
    const ready = { policy: parsePolicy(text), text, hash: policyHash(encoded) };
    return Object.freeze(signer === undefined ? ready : { ...ready, signer });
  }, 'stored-policy');
}

/** @throws ATTESTATION_POLICY_INVALID */
function orRefuse<T>(read: () => T, rule: 'draft-policy' | 'stored-policy'): T {
  try {
    return read();
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const whose = rule === 'draft-policy' ? 'draft policy' : 'policy of this tenant';
    const message = `The ${whose} is refused. ${error.message}`;
    throw new Refusal('ATTESTATION_POLICY_INVALID', message, { explanation: { rule }, cause: error });
  }
}

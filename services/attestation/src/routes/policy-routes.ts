import { isEnclosError } from '@enclos/errors';
import type { Call } from './call.ts';
import { invalid, readJwsText } from '@enclos/service/body';
import { isRefusal, Refusal } from '@enclos/service/refusal';
import type { Answer } from '@enclos/service/routes';
import { registeredCertificates } from '../policies/registered.ts';
import { jwkOf } from '../certificates/x5c.ts';
import type { StateSnapshot, TenantDocument } from '../document/document.ts';
import type { AttestationType } from '../configuration/configuration.ts';
import { checkPolicyText, defaultPolicy } from '../policies/policy-text.ts';
import { maximumJws, openManagementJws, requireRegistered, type ManagementJws } from '../policies/policy-jws.ts';
import {
  policyHash,
  policyTokenHash,
  readPolicyPayload,
  unsignedPolicyJws,
  type PolicyPayload,
} from '../policies/stored-policy.ts';

/** GET /policies/{type}: a token whose `x-ms-policy` is the JWS that set the policy, or one, not signed, of the default. */
export async function getPolicy({ tenant, type }: Call): Promise<Answer> {
  const snapshot = await tenant.state.read({ fresh: true });
  const stored = snapshot.document.policies[type];
  const jws = stored ?? unsignedPolicyJws(defaultPolicy(type, tenant.configuration));
  const token = await tenant.signer.sign({ 'x-ms-policy': jws, ...stateClaim(snapshot) });
  return { body: { token } };
}

/** PUT /policies/{type} */
export async function setPolicy(call: Call): Promise<Answer> {
  const { tenant, type } = call;
  const jws = openBody(call);
  const payload = readPayload(jws);
  checkPolicyText(payload.text);
  const snapshot = await changePolicies(call, jws, (policies) => ({ ...policies, [type]: jws.text }));
  const token = await tenant.signer.sign({
    'x-ms-policy-result': 'Updated',
    'x-ms-policy-token-hash': policyTokenHash(jws.text),
    ...(jws.chain.length === 0 ? {} : { 'x-ms-policy-signer': jwkOf(jws.chain) }),
    'x-ms-policy': jws.text,
    ...stateClaim(snapshot),
  });
  return { body: { token }, facts: { policyHash: policyHash(payload.encoded) } };
}

/** POST /policies/{type}:reset, with a JWS whose payload is empty. */
export async function resetPolicy(call: Call): Promise<Answer> {
  const { tenant, type } = call;
  const jws = openBody(call);
  // A policy that is sent here by mistake, or by a thief that got hold of one, must not remove another.
  if (jws.payload.length > 0) throw invalid('A JSON Web Signature with an empty payload resets a policy.');
  const snapshot = await changePolicies(call, jws, (policies) => without(policies, type));
  const token = await tenant.signer.sign({
    'x-ms-policy-result': 'Removed',
    'x-ms-policy-token-hash': policyTokenHash(jws.text),
    ...stateClaim(snapshot),
  });
  return { body: { token } };
}

function without(policies: TenantDocument['policies'], type: AttestationType): TenantDocument['policies'] {
  return Object.fromEntries(Object.entries(policies).filter(([name]) => name !== type));
}

/** What of the tenant's state a result is about, for clients to pin. */
export function stateClaim({ epoch, digest }: StateSnapshot): {
  readonly 'x-enclos-state': { readonly epoch: number; readonly digest: string };
} {
  return { 'x-enclos-state': { epoch, digest } };
}

function openBody({ request, tenant, options }: Call): ManagementJws {
  if (tenant.configuration.trustModel === 'shared') {
    throw new Refusal('SERVICE_FORBIDDEN', 'The policies of a shared tenant cannot be changed.', {
      explanation: { rule: 'trust-model' },
    });
  }
  return openManagementJws(readJwsText(request.body, maximumJws), options.now());
}

/** The signer is judged by the certificates of the very document that changes: another replica may have removed one. */
function changePolicies(
  { tenant, options }: Call,
  jws: ManagementJws,
  change: (policies: TenantDocument['policies']) => TenantDocument['policies'],
): Promise<StateSnapshot> {
  return tenant.state.update((document) => {
    if (tenant.configuration.trustModel === 'isolated') {
      requireRegistered(jws, registeredCertificates(document), options.now());
    }
    return { ...document, policies: change(document.policies) };
  });
}

function readPayload({ payload }: ManagementJws): PolicyPayload {
  try {
    return readPolicyPayload(payload);
  } catch (error) {
    if (!isEnclosError(error) || isRefusal(error)) throw error;
    throw invalid(`The payload is not a policy: ${error.message}`, error);
  }
}

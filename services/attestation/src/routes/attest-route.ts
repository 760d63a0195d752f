import type { AttestRequest } from '../attest/attest-request.ts';
import type { Call } from './call.ts';
import { readAttestBody } from './attest-body.ts';
import { Refusal } from '@enclos/service/refusal';
import type { Answer } from '@enclos/service/routes';

/** POST /attest/… of a type that is verified here. */
export async function attestRoute({ request, tenant, options }: Call, type: AttestRequest['type']): Promise<Answer> {
  const read = readAttestBody(request.body, { type, maxBytes: options.limits.maxBodyBytes });
  const { token, facts, policyHash } = await options.attest(read, tenant);
  return {
    body: { token },
    facts: {
      attestationType: facts.attestationType,
      platform: facts.platform,
      ...(policyHash === undefined ? {} : { policyHash }),
    },
  };
}

/** POST /attest/Tpm and /attest/AzureGuest. @throws SERVICE_NOT_IMPLEMENTED, always */
export function attestNotImplemented(operation: string): Promise<Answer> {
  const message = `${operation} is not implemented by this service.`;
  return Promise.reject(new Refusal('SERVICE_NOT_IMPLEMENTED', message));
}

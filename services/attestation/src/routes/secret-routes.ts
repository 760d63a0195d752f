import { isJsonObject, maximumJsonValues, parseJson, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import type { Call } from './call.ts';
import { base64urlBytes, invalid, optionalText, readJsonObject } from '@enclos/service/body';
import { Refusal } from '@enclos/service/refusal';
import type { Answer } from '@enclos/service/routes';
import '../errors.ts';
import { stateClaim } from './policy-routes.ts';
import { parseReleasePolicy } from '../release/index.ts';
import { maximumSecrets, type NamedSecret, type TenantDocument } from '../document/document.ts';
import { maximumSecretBytes } from '../secrets/secret-row.ts';
import type { ListedSecret, NewSecret, TenantSecrets } from '../secrets/tenant-secrets.ts';

const members = ['secret', 'releasePolicy'];
const maximumSecretText = 4 * Math.ceil(maximumSecretBytes / 3);
/** The body of PUT /keys/{name}: the secret, its release policy of at most 64 Ki characters, and what is around them. */
export const maximumSecretBody = maximumSecretText + 4 * 65_536;

/** GET /keys: a token whose `x-enclos-secrets` has names, digests and policies, and no secret. */
export async function listSecrets(call: Call): Promise<Answer> {
  const { snapshot, secrets } = await secretsOf(call).list();
  const token = await call.tenant.signer.sign({ 'x-enclos-secrets': secrets.map(shown), ...stateClaim(snapshot) });
  return { body: { token } };
}

/** PUT /keys/{name}. One that is there is replaced, with its policy: a policy cannot be changed without having the secret. */
export async function setSecret(call: Call): Promise<Answer> {
  const secrets = changeableSecretsOf(call);
  const added = readSecretBody(call);
  const { named, snapshot } = await secrets.put(call.name, added, withSecret);
  const token = await call.tenant.signer.sign({
    'x-enclos-secret-result': 'IsPresent',
    'x-enclos-secret': { ...named },
    ...stateClaim(snapshot),
  });
  return { body: { token }, facts: { secret: call.name } };
}

/** DELETE /keys/{name} */
export async function deleteSecret(call: Call): Promise<Answer> {
  const { name } = call;
  const snapshot = await changeableSecretsOf(call).remove((document) => {
    const left = document.secrets.filter((one) => one.name !== name);
    if (left.length === document.secrets.length) throw noSuchSecret(name);
    return { ...document, secrets: left };
  });
  const token = await call.tenant.signer.sign({
    'x-enclos-secret-result': 'IsAbsent',
    'x-enclos-secret': { name },
    ...stateClaim(snapshot),
  });
  return { body: { token }, facts: { secret: name } };
}

/** @throws SERVICE_NOT_IMPLEMENTED where replicas share a store. */
export function secretsOf({ tenant }: Call): TenantSecrets {
  if (tenant.secrets !== undefined) return tenant.secrets;
  const message =
    'Secrets are kept by a service of one replica only: they are sealed to its machine, and replicas share nothing that could open them.';
  throw new Refusal('SERVICE_NOT_IMPLEMENTED', message, { explanation: { rule: 'replicas' } });
}

export function noSuchSecret(name: string): Refusal {
  const explanation = { rule: 'secret', secret: name };
  return new Refusal('SERVICE_NOT_FOUND', 'The tenant has no secret of this name.', { explanation });
}

function changeableSecretsOf(call: Call): TenantSecrets {
  if (call.tenant.configuration.trustModel !== 'shared') return secretsOf(call);
  throw new Refusal('SERVICE_FORBIDDEN', 'The secrets of a shared tenant cannot be changed.', {
    explanation: { rule: 'trust-model' },
  });
}

function withSecret(document: TenantDocument, named: NamedSecret): TenantDocument {
  const others = document.secrets.filter(({ name }) => name !== named.name);
  if (others.length >= maximumSecrets) {
    const explanation = { rule: 'secrets', secret: named.name };
    throw new Refusal('SERVICE_OPERATION_INVALID', `A tenant has at most ${maximumSecrets} secrets.`, { explanation });
  }
  const secrets = [...others, named].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return { ...document, secrets };
}

/** @throws SERVICE_REQUEST_INVALID; PolicyParsingError, whose message begins with the place of the mistake. */
function readSecretBody({ request }: Call): NewSecret {
  const body = readJsonObject(request.body, { maxBytes: maximumSecretBody, maxValues: maximumJsonValues, members });
  const text = optionalText(body, 'secret', maximumSecretText);
  if (text === undefined) throw invalid('The body has no secret.');
  const secret = base64urlBytes(text, 'secret');
  if (secret.length === 0 || secret.length > maximumSecretBytes) {
    throw invalid(`secret must be 1 to ${maximumSecretBytes} bytes in base64url.`);
  }
  const { releasePolicy } = body;
  if (!isJsonObject(releasePolicy)) throw invalid('The body has no releasePolicy, which is a JSON object.');
  return { secret, policy: checkedPolicy(releasePolicy) };
}

function checkedPolicy(policy: JsonObject): string {
  const text = JSON.stringify(policy);
  try {
    parseReleasePolicy(text);
    return text;
  } catch (error) {
    if (!isEnclosError(error, 'RELEASE_POLICY_INVALID')) throw error;
    const explanation = { rule: 'release-policy', pointer: `/releasePolicy${String(error.details['pointer'])}` };
    throw new Refusal('ATTESTATION_POLICY_INVALID', error.message, { cause: error, explanation });
  }
}

interface ShownSecret {
  readonly name: string;
  readonly digest: string;
  readonly releasable: boolean;
  readonly releasePolicy?: JsonValue;
}

function shown({ name, digest, policy }: ListedSecret): ShownSecret & JsonObject {
  if (policy === undefined) return { name, digest, releasable: false };
  return { name, digest, releasable: true, releasePolicy: parseJson(policy, policy.length) };
}

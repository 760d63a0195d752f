import '../errors.ts';
import { isJsonObject, parseJsonBytes, type JsonValue } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import { writeKeySupply, type KeySupplySigner } from '@enclos/inference-models/node';
import type { InferenceClient } from '../client.ts';
import { contentOfAnswer } from '../content.ts';
import { misused, refuseAnswer } from '../refusal.ts';

export interface SuppliedModelKey {
  /** The address that the client was made with. */
  readonly url: string | URL;
  /** The name of the model in the manifest. */
  readonly name: string;
  /** SHA-256 of the plain bytes of the model, in hex. */
  readonly digest: string;
  /** 32 bytes: what the file of the model was encrypted under. */
  readonly key: Uint8Array;
  /** The key of the owner whose public half the manifest or the catalogue names. */
  readonly owner: KeySupplySigner;
}

const maximumAnswerBytes = 65_536;
const digestForm = /^[0-9a-f]{64}$/;

/**
 * Supplies the key of an encrypted model to an enclave, as its owner. The enclave is attested by the client first, so that the key goes to
 * one that its policy accepts; it is signed for the keys of that enclave alone, and sealed to them. The model is loaded when this resolves.
 *
 * @param client seals what is sent: one made with the transports `one-shot` or `session`.
 * @throws INFERENCE_CALL_REFUSED with the code of the service in its details, such as MODEL_KEY_REFUSED or MODEL_NOT_OPENED;
 * MODEL_KEY_INVALID; INFERENCE_ANSWER_REFUSED; INFERENCE_CLIENT_MISUSED; what `client.fetch` throws.
 *
 * @example
 * ```ts
 * import type { InferenceClient } from '@enclos/inference-client';
 * import { supplyModelKey, type SuppliedModelKey } from '@enclos/inference-client/node';
 *
 * export async function supply(client: InferenceClient, given: Omit<SuppliedModelKey, 'name' | 'url'>): Promise<void> {
 *   await supplyModelKey(client, { url: 'https://models.example.com', name: 'digits', ...given });
 * }
 * ```
 */
export async function supplyModelKey(
  client: Pick<InferenceClient, 'attest' | 'fetch'>,
  { url, name, digest, key, owner }: SuppliedModelKey,
): Promise<void> {
  if (!digestForm.test(digest)) misused('The digest of the model is not 64 hex digits in lower case.');
  const base = `${new URL(url).href.replace(/\/$/, '')}/v1/model-keys/${digest}`;
  const { challenge, keySetDigest } = readChallenge(await post(client, `${base}/challenge`));
  let identity = await client.attest();
  // Keys and catalogue of the service can have changed since. Only what was attested is signed.
  if (identity.keySetDigest !== keySetDigest) identity = await client.attest({ fresh: true });
  const supply = { name, digest, keySetDigest: identity.keySetDigest, challenge };
  await post(client, base, await writeKeySupply(key, supply, owner));
}

async function post(client: Pick<InferenceClient, 'fetch'>, address: string, body?: string): Promise<Uint8Array> {
  const headers = { 'content-type': 'application/jose' };
  return contentOfAnswer(
    await client.fetch(address, { method: 'POST', ...(body === undefined ? {} : { headers, body }) }),
  );
}

function readChallenge(content: Uint8Array): { readonly challenge: string; readonly keySetDigest: string } {
  const value = readJson(content);
  const { challenge, keySetDigest } = isJsonObject(value) ? value : {};
  return typeof challenge === 'string' && typeof keySetDigest === 'string'
    ? { challenge, keySetDigest }
    : refuseAnswer('The answer has no challenge for the owner of a model.');
}

function readJson(content: Uint8Array): JsonValue {
  try {
    return parseJsonBytes(content, maximumAnswerBytes);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return refuseAnswer('The answer to the owner of a model is not JSON.');
  }
}

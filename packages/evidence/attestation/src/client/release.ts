import { fromBase64url } from '@enclos/codec';
import { isJsonObject, type JsonObject, type JsonValue } from '@enclos/codec/json';
import { decodeUtf8 } from '@enclos/codec/text';
import { misused } from '../refusal/refusal.ts';
import { checkState, type StoredState } from './claim-rules.ts';
import { orElse, refuseToken } from './errors.ts';
import { sendForMember } from './transport.ts';
import { isVerifiedToken, type VerifiedToken } from './token/verified-token.ts';
import { verifyGenuine, type Verifier } from './token/verify-token.ts';

/** The first three are RSA with AES key wrap, as Azure has them; the others make a JWE. */
export type ReleaseAlgorithm =
  | 'CKM_RSA_AES_KEY_WRAP'
  | 'RSA_AES_KEY_WRAP_256'
  | 'RSA_AES_KEY_WRAP_384'
  | 'RSA-OAEP-256'
  | 'ECDH-ES+A256KW';

export interface ReleaseRequest {
  /** The name of the secret. */
  readonly name: string;
  /** A token of this service, with an encryption key in its JSON runtime data. */
  readonly token: VerifiedToken;
  /** Default: what the key is for, or the one that fits its type. */
  readonly algorithm?: ReleaseAlgorithm;
  /** Random, and new for each request: the answer repeats it, so that an older answer cannot be replayed. */
  readonly nonce: string;
}

export interface ReleasedKey {
  /** `transfer-blob`: JSON with `ciphertext`, an AES key under RSA and the secret under that; `jwe`: RFC 7516, compact. */
  readonly form: 'jwe' | 'transfer-blob';
  readonly text: string;
  readonly algorithm: string;
  /** `x-enclos-state`: keep it, and accept no older one. */
  readonly state: StoredState | undefined;
}

/** A secret of 64 KiB, in base64url three times over. */
const maximumBytes = 262_144;
const maximumAgeMs = 300_000;

/** The service says that it is this secret, and answers this question. */
export async function releaseKey(request: ReleaseRequest, verifier: Verifier): Promise<ReleasedKey> {
  const { name, token, algorithm, nonce } = request;
  if (nonce === '') misused('An empty nonce protects from nothing.');
  if (!isVerifiedToken(token)) misused('The token is not one that a client verified.');
  const { settings } = verifier;
  const body = { kid: name, target: token.jwt, nonce, ...(algorithm === undefined ? {} : { enc: algorithm }) };
  const call = {
    method: 'POST',
    path: `/key/release?api-version=${settings.apiVersion}`,
    contentType: 'application/json',
    body: JSON.stringify(body),
    maximumBytes: maximumBytes + 1024,
  } as const;
  const value = await sendForMember('value', call, settings);
  const { claims } = await verifyGenuine(value, verifier, { maximumBytes, maximumAgeMs });
  return readReleased(claims, request);
}

function readReleased(claims: JsonObject, { name, nonce, algorithm }: ReleaseRequest): ReleasedKey {
  const asked = objectAt(claims['request']);
  // What a policy issues in tokens for attestation cannot have this name.
  const isReleased = claims['x-enclos-secret-result'] === 'Released';
  const { kid, enc } = asked;
  if (!isReleased || kid !== name || asked['nonce'] !== nonce || typeof enc !== 'string') {
    return refuseToken('result', 'The token is not the answer to this request for a secret.');
  }
  if (algorithm !== undefined && enc !== algorithm) {
    return refuseToken('result', 'The secret is wrapped by another algorithm than the one that was asked for.');
  }
  const { jwe, key_hsm: blob } = objectAt(objectAt(objectAt(claims['response'])['key'])['key']);
  const facts = { algorithm: enc, state: checkState(claims, {}) };
  if (typeof jwe === 'string') return Object.freeze({ form: 'jwe', text: jwe, ...facts });
  if (typeof blob !== 'string') return refuseToken('result', 'The token has no wrapped secret.');
  return Object.freeze({ form: 'transfer-blob', text: textOf(blob), ...facts });
}

function objectAt(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : refuseToken('result', 'The token is not of the shape of a released secret.');
}

function textOf(blob: string): string {
  return orElse(
    () => decodeUtf8(fromBase64url(blob)),
    (cause) => refuseToken('result', 'The wrapped secret is not text in base64url.', cause),
  );
}

import '../../errors.ts';
import { createHash } from 'node:crypto';
import { boundedBody, underDeadline, untilAborted } from '@enclos/bounded';
import { utf8 } from '@enclos/codec';
import { isJsonObject, parseJsonBytes, type JsonObject } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { keyPlaceIn, type KbsResource } from '../../catalogue/key-place.ts';
import { readModelKey } from './model-key.ts';
import { createReleaseKeyPair, openKeyJwe } from './released-key.ts';

/** `fetch`, or one with its signature. It must verify the certificate of the broker, or its evidence. */
export type KbsFetch = (url: string, init: RequestInit) => Promise<Response>;

/** What an enclave has to put into evidence for a broker. */
export interface KbsChallenge {
  /** The bytes that the evidence binds: SHA-384 of the runtime data, then zeros: 64 bytes. */
  readonly reportData: Uint8Array;
  /** As they are sent: JSON with sorted members. */
  readonly runtimeData: string;
}

export interface KbsOptions {
  /** Origin of the broker, https. */
  readonly url: string;
  /** `kbs:///repository/type/tag`. */
  readonly resource: string;
  /** As the broker names it, such as `sgx`, `tdx` or `snp`. */
  readonly tee: string;
  readonly fetch: KbsFetch;
  /** Makes evidence, in the form that the broker's attestation service reads for this kind. */
  readonly attest: (challenge: KbsChallenge) => Promise<JsonObject | string>;
  /** The time for each of the three requests. Default: 15,000. */
  readonly timeoutMs?: number;
}

const protocolVersion = '0.1.1';
const maximumAnswerBytes = 262_144;
const originPattern = /^https:\/\/[A-Za-z0-9.:[\]-]{1,300}$/;
const cookiePattern = /(?:^|,\s*)(kbs-session-id=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,512})/;

/**
 * The key of a model from a Trustee key broker, by its protocol of three steps (version 0.1.1): a challenge, evidence over a key pair
 * that is made for this request, and the secret under that key. The broker decides by its policy. What it answers is used only if the
 * private key opens it, so a broker that does not know the key cannot give another party's answer; whether the key is the right one,
 * the model shows.
 *
 * @throws MODEL_KEY_SERVICE_UNREACHABLE, MODEL_KEY_REFUSED, MODEL_KEY_ANSWER_INVALID or MODEL_KEY_INVALID.
 *
 * @example
 * ```ts
 * import { keyFromKbs, type KbsOptions } from '@enclos/inference-models/node';
 *
 * export async function keyOfDigits(broker: Pick<KbsOptions, 'attest' | 'fetch' | 'url'>): Promise<Uint8Array> {
 *   return keyFromKbs({ ...broker, resource: 'kbs:///default/model/digits', tee: 'sgx' });
 * }
 * ```
 */
export async function keyFromKbs(options: KbsOptions): Promise<Uint8Array> {
  const { repository, type, tag } = resourceIn(options.resource);
  // The token of the broker works for anyone who has it.
  if (!originPattern.test(options.url)) refuseAddress();
  const pair = createReleaseKeyPair();
  const auth = { version: protocolVersion, tee: options.tee, 'extra-params': '' };
  const challenge = await send(options, 'auth', { body: auth });
  const nonce = textAt(challenge.answer, 'nonce');
  const cookie = cookiePattern.exec(challenge.response.headers.get('set-cookie') ?? '')?.[1];
  if (cookie === undefined) return invalid('The broker gave no session.');
  const { kty = '', crv = '', alg = '', x = '', y = '' } = pair.jwk;
  const runtimeData = { nonce, 'tee-pubkey': { kty, crv, alg, x, y } };
  const evidence = await options.attest(challengeOf(runtimeData));
  const body = {
    'runtime-data': runtimeData,
    'tee-evidence': { primary_evidence: evidence, additional_evidence: '{}' },
  };
  const { answer } = await send(options, 'attest', { body, cookie });
  const token = textAt(answer, 'token');
  const path = `resource/${repository}/${type}/${tag}`;
  const resource = await send(options, path, { cookie, bearer: token });
  return readModelKey(openKeyJwe(compactOf(resource.answer), pair.privateKey));
}

/** The hash that brokers compare with the report data: over JSON with sorted members and without white space. */
function challengeOf(runtimeData: JsonObject): KbsChallenge {
  const text = JSON.stringify(sorted(runtimeData));
  const reportData = new Uint8Array(64);
  reportData.set(createHash('sha384').update(utf8(text)).digest());
  return Object.freeze({ reportData, runtimeData: text });
}

function sorted(value: JsonObject): JsonObject {
  const members = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, isJsonObject(each) ? sorted(each) : each]));
}

/** The flattened form of a JWE (RFC 7516 section 7.2.2) as compact text. */
function compactOf(answer: JsonObject): string {
  const parts = ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag'].map((name) => textAt(answer, name));
  // Earlier brokers repeat the header here; anything else would be authenticated, and is not what the content is about.
  const { aad } = answer;
  if (aad !== undefined && aad !== null && aad !== '' && aad !== parts[0]) {
    return invalid('The answer of the broker authenticates other data.');
  }
  return parts.join('.');
}

interface KbsCall {
  readonly body?: JsonObject;
  readonly cookie?: string;
  readonly bearer?: string;
}

async function send(
  { url, fetch, timeoutMs = 15_000 }: KbsOptions,
  path: string,
  { body, cookie, bearer }: KbsCall,
): Promise<{ readonly response: Response; readonly answer: JsonObject }> {
  const step = path.split('/', 1)[0] ?? path;
  const init: RequestInit = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
  };
  try {
    return await underDeadline(timeoutMs, async (signal) => {
      const response = await untilAborted(signal, fetch(`${url}/kbs/v0/${path}`, { ...init, signal }));
      const bytes = await boundedBody(response, maximumAnswerBytes, signal);
      if (response.status !== 200) return refuseStatus(response.status, step);
      if (bytes === undefined) return invalid('The answer of the broker is too long.');
      return { response, answer: readObject(bytes) };
    });
  } catch (cause) {
    if (isEnclosError(cause)) throw cause;
    throw new EnclosError('MODEL_KEY_SERVICE_UNREACHABLE', undefined, { details: { step }, cause });
  }
}

function resourceIn(text: string): KbsResource {
  const place = keyPlaceIn(text);
  if (place?.kind === 'broker') return place.resource;
  throw new EnclosError(
    'MODEL_KEY_REFUSED',
    'The identifier of the key is not of the form kbs:///REPOSITORY/TYPE/TAG.',
  );
}

function refuseAddress(): never {
  throw new EnclosError('MODEL_KEY_REFUSED', 'The address of the key broker is not an https origin, without a path.');
}

function refuseStatus(status: number, step: string): never {
  const isFailure = status === 429 || status >= 500;
  const code = isFailure ? 'MODEL_KEY_SERVICE_UNREACHABLE' : 'MODEL_KEY_REFUSED';
  throw new EnclosError(code, `The key broker answered ${status} to ${step}.`, { details: { step, status } });
}

function readObject(bytes: Uint8Array): JsonObject {
  try {
    const value = parseJsonBytes(bytes, maximumAnswerBytes);
    return isJsonObject(value) ? value : invalid('The answer of the broker is not a JSON object.');
  } catch (error) {
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return invalid('The answer of the broker is not strict JSON.');
  }
}

function textAt(answer: JsonObject, name: string): string {
  const value = answer[name];
  return typeof value === 'string' && value !== '' ? value : invalid(`The answer of the broker has no ${name}.`);
}

function invalid(message: string): never {
  throw new EnclosError('MODEL_KEY_ANSWER_INVALID', message);
}

import '../../errors.ts';
import { fromBase64url, toBase64url, toHex, utf8 } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { compactJws, jwsSigningInput, readJwt, type JwsAlgorithm, type SignatureKey } from '@enclos/jose';
import { nodePublicKeyOf, verifyJwsSync } from '@enclos/jose/node';
import { requireKey, type ModelBinding } from '../encryption/encrypted-model.ts';

/** What a supply of a key is for. All of it is signed. */
export interface KeySupply extends ModelBinding {
  /** The digest of the key set of the enclave, in hex: the owner verified the evidence of exactly these keys. */
  readonly keySetDigest: string;
  /** From the enclave, used once. */
  readonly challenge: string;
}

export interface KeySupplySigner {
  readonly algorithm: JwsAlgorithm;
  readonly sign: (input: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

const type = 'enclos-model-key+jws';
const algorithms = ['ES256', 'ES384', 'EdDSA'] as const satisfies readonly JwsAlgorithm[];
const maximumLength = 8192;
const keyBytes = 32;

/**
 * The owner's side: the key of a model for one enclave. The result holds the key in plain, so it goes through an attested and
 * encrypted channel to that enclave, and nowhere else.
 */
export async function writeKeySupply(key: Uint8Array, supply: KeySupply, signer: KeySupplySigner): Promise<string> {
  requireKey(key);
  const { name, digest, keySetDigest, challenge } = supply;
  const claims = { name, digest, keySetDigest, challenge, key: toBase64url(key) };
  const header = { alg: signer.algorithm, typ: type };
  const input = jwsSigningInput(JSON.stringify(header), JSON.stringify(claims));
  return compactJws(input, await signer.sign(utf8(input)));
}

/**
 * The enclave's side: verifies that the owner of a model signed this key for this model, for the keys of this enclave and for its
 * challenge.
 *
 * @param owner from the measured manifest. There is no first comer: a model without an owner takes no supply.
 * @throws MODEL_KEY_REFUSED (`details.rule`: `form`, `signature`, or the member that differs) or MODEL_KEY_INVALID.
 */
export function readKeySupply(text: string, owner: SignatureKey, expected: KeySupply): Uint8Array {
  const jwt = orRefuse(() => readJwt(text, { maxLength: maximumLength, algorithms }));
  const { header, claims } = jwt;
  if (header['typ'] !== type) return refuse('form', 'The message is not a supply of a key.');
  if (!orRefuse(() => verifyJwsSync(jwt, nodePublicKeyOf(owner)))) {
    return refuse('signature', 'The owner of the model did not sign the key.');
  }
  for (const [member, value] of Object.entries(expected)) {
    if (claims[member] !== value) return refuse(member, `The key was signed for another ${member}.`);
  }
  const { key } = claims;
  if (typeof key !== 'string') return refuse('form', 'The supply has no key.');
  const bytes = orRefuse(() => fromBase64url(key, { maxBytes: keyBytes }));
  requireKey(bytes);
  return bytes;
}

export interface OwnedModel extends ModelBinding {
  readonly owner: SignatureKey;
}

export interface KeyDeskOptions {
  /** The digest of the key set of this enclave now, in hex. */
  readonly keySetDigest: () => string;
  /** The models that an owner supplies the key of now, from the measured manifest or a catalogue. */
  readonly models: () => readonly OwnedModel[];
  /** Cryptographically strong, `sizeBytes` of it. */
  readonly randomBytes: (sizeBytes: number) => Uint8Array;
}

/**
 * Where owners supply the keys of their models to one enclave, each once. A model has one challenge at a time, so memory stays bounded
 * by the manifest. It is good for one message of the owner: what others send does not use it up, so that no stranger keeps an owner out.
 */
export class ModelKeyDesk {
  readonly #options: KeyDeskOptions;
  readonly #challenges = new Map<string, string>();
  readonly #supplied = new Set<string>();

  constructor(options: KeyDeskOptions) {
    this.#options = options;
  }

  /**
   * The challenge for the owner of a model: the same until the owner has used it.
   *
   * @throws MODEL_KEY_REFUSED for a model without an owner in the manifest, and for one whose key is here.
   */
  challenge(digest: string): string {
    this.#require(digest);
    const open = this.#challenges.get(digest);
    if (open !== undefined) return open;
    const challenge = toHex(this.#options.randomBytes(32));
    this.#challenges.set(digest, challenge);
    return challenge;
  }

  /** Takes the key of a model from its owner. @throws as `challenge` and `readKeySupply`. */
  supply(digest: string, text: string): Uint8Array {
    const { name, owner } = this.#require(digest);
    const challenge = this.#challenges.get(digest);
    if (challenge === undefined) return refuse('challenge', 'The model has no open challenge.');
    const expected = { name, digest, keySetDigest: this.#options.keySetDigest(), challenge };
    try {
      const key = readKeySupply(text, owner, expected);
      this.#supplied.add(digest);
      this.#challenges.delete(digest);
      return key;
    } catch (error) {
      if (!isEnclosError(error) || !ofStrangers.has(error.details['rule'])) this.#challenges.delete(digest);
      throw error;
    }
  }

  /** Takes another key for a model: the one that was supplied does not open it. */
  reopen(digest: string): void {
    this.#supplied.delete(digest);
  }

  #require(digest: string): OwnedModel {
    const model = this.#options.models().find((one) => one.digest === digest);
    if (model === undefined) return refuse('owner', 'The manifest names no owner of this model.');
    return this.#supplied.has(digest) ? refuse('once', 'The key of this model was supplied already.') : model;
  }
}

/** What anyone can send, without the key of the owner. */
const ofStrangers: ReadonlySet<unknown> = new Set(['form', 'signature']);

function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // What a parser says could quote a key.
    if (!isEnclosError(error) || !error.code.startsWith('CODEC_')) throw error;
    return refuse('form', 'The message is not a supply of a key.');
  }
}

function refuse(rule: string, message: string): never {
  throw new EnclosError('MODEL_KEY_REFUSED', message, { details: { rule } });
}

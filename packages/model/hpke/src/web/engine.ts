import type { webcrypto } from 'node:crypto';
import { concatBytes, fromBase64url, toBase64url } from '@enclos/codec';
import type { AeadKey, HpkeEngine, Kem, SealingForm } from '../engine.ts';
import { createDhKem, type Curve } from '../hpke/dh-kem.ts';
import { KemKeyPair } from '../hpke/key-pair.ts';
import { empty } from '../hpke/labels.ts';
import { aeadIds, kemIds, refuseAlgorithm, tagBytes, type AeadId, type KemId } from '../suites.ts';

/** The part of WebCrypto that HPKE needs. */
export type WebCryptoSource = Pick<webcrypto.Crypto, 'getRandomValues'> & {
  readonly subtle: Pick<
    webcrypto.SubtleCrypto,
    'generateKey' | 'importKey' | 'exportKey' | 'deriveBits' | 'sign' | 'encrypt' | 'decrypt' | 'digest'
  >;
};

type Subtle = WebCryptoSource['subtle'];
type WebKey = webcrypto.CryptoKey;

export interface WebEngineOptions {
  /** KEMs that this WebCrypto lacks, such as X-Wing from a library (`xWingFrom`). */
  readonly kems?: readonly Kem[];
}

/**
 * The primitives of HPKE over WebCrypto, for browsers and Node: X25519 and P-384 with AES-GCM. ChaCha20-Poly1305 is
 * not in WebCrypto.
 *
 * @example
 * ```ts
 * import { webEngine } from '@enclos/hpke';
 *
 * const engine = webEngine(crypto);
 * ```
 */
export function webEngine(source: WebCryptoSource, { kems = [] }: WebEngineOptions = {}): HpkeEngine {
  const { subtle } = source;
  const own = new Map<KemId, Kem>(kems.map((kem) => [kem.id, kem]));
  const engine: HpkeEngine = {
    kem: (id) => own.get(id) ?? refuseAlgorithm('the KEM of the key'),
    aead: async (id, key) => aeadKey(subtle, id, key),
    hmac: async (hash, key, ...data) => {
      // WebCrypto refuses a key of no bytes. HMAC pads keys with zeros, so one zero is the same key.
      const bytes = key.length === 0 ? new Uint8Array(1) : key;
      const imported = await subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['sign']);
      return new Uint8Array(await subtle.sign('HMAC', imported, concatBytes(...data)));
    },
    sha256: async (data) => new Uint8Array(await subtle.digest('SHA-256', data)),
    randomBytes: (length) => source.getRandomValues(new Uint8Array(length)),
  };
  const x25519 = { id: kemIds.x25519, hash: 'SHA-256', curve: webCurve(subtle, x25519Form) } as const;
  const p384 = { id: kemIds.p384, hash: 'SHA-384', curve: webCurve(subtle, p384Form) } as const;
  for (const options of [x25519, p384]) {
    if (!own.has(options.id)) own.set(options.id, createDhKem(engine, options));
  }
  return Object.freeze(engine);
}

async function aeadKey(subtle: Subtle, id: AeadId, bytes: Uint8Array): Promise<AeadKey> {
  if (id === aeadIds.chaCha20Poly1305) return refuseAlgorithm('ChaCha20-Poly1305');
  const key = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = (iv: Uint8Array, additionalData: Uint8Array) =>
    ({ name: 'AES-GCM', iv, additionalData, tagLength: 8 * tagBytes }) as const;
  return Object.freeze({
    seal: async (
      nonce: Uint8Array,
      aad: Uint8Array,
      plaintext: Uint8Array,
      { room = 0, tail = empty }: SealingForm = {},
    ) => {
      const message = tail.length === 0 ? plaintext : concatBytes(plaintext, tail);
      const sealed = new Uint8Array(await subtle.encrypt(parameters(nonce, aad), key, message));
      return room === 0 ? sealed : concatBytes(new Uint8Array(room), sealed);
    },
    open: async (nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array) => {
      try {
        return new Uint8Array(await subtle.decrypt(parameters(nonce, aad), key, ciphertext));
      } catch {
        return undefined;
      }
    },
  });
}

/** How keys of one curve look as JWK, and as bytes. */
interface CurveForm {
  readonly kem: KemId;
  readonly algorithm: { readonly name: string; readonly namedCurve?: string };
  readonly bits: number;
  readonly publicBytes: (jwk: webcrypto.JsonWebKey) => Uint8Array;
  readonly jwk: (publicKey: Uint8Array) => webcrypto.JsonWebKey;
}

const x25519Form: CurveForm = {
  kem: kemIds.x25519,
  algorithm: { name: 'X25519' },
  bits: 256,
  publicBytes: ({ x = '' }) => fromBase64url(x),
  jwk: (publicKey) => ({ kty: 'OKP', crv: 'X25519', x: toBase64url(publicKey) }),
};
const p384Form: CurveForm = {
  kem: kemIds.p384,
  algorithm: { name: 'ECDH', namedCurve: 'P-384' },
  bits: 384,
  publicBytes: ({ x = '', y = '' }) => concatBytes(Uint8Array.of(4), fromBase64url(x), fromBase64url(y)),
  jwk: (publicKey) => ({
    kty: 'EC',
    crv: 'P-384',
    x: toBase64url(publicKey.subarray(1, 49)),
    y: toBase64url(publicKey.subarray(49)),
  }),
};

function webCurve(subtle: Subtle, form: CurveForm): Curve<WebKey, WebKey> {
  const { algorithm } = form;
  const generate = async (): Promise<webcrypto.CryptoKeyPair> =>
    // Both algorithms make pairs, which the type of the call does not say.
    (await subtle.generateKey(algorithm, true, ['deriveBits'])) as webcrypto.CryptoKeyPair;
  const held = new WeakMap<KemKeyPair, WebKey>();
  return {
    generateKeyPair: async () => {
      const jwk = await subtle.exportKey('jwk', (await generate()).privateKey);
      return new KemKeyPair(form.kem, form.publicBytes(jwk), fromBase64url(jwk.d ?? ''));
    },
    generateEphemeral: async () => {
      const { publicKey, privateKey } = await generate();
      return { publicKey: form.publicBytes(await subtle.exportKey('jwk', publicKey)), privateKey };
    },
    privateKeyOf: async (pair) => {
      const jwk = { ...form.jwk(pair.publicKey), d: toBase64url(pair.exportPrivateKey()) };
      const key = held.get(pair) ?? (await subtle.importKey('jwk', jwk, algorithm, false, ['deriveBits']));
      held.set(pair, key);
      return key;
    },
    publicKeyOf: async (publicKey) => {
      if (form === p384Form && publicKey[0] !== 4) return undefined;
      try {
        return await subtle.importKey('jwk', form.jwk(publicKey), algorithm, false, []);
      } catch {
        return undefined;
      }
    },
    agree: async (privateKey, publicKey) => {
      try {
        const parameters = { name: algorithm.name, public: publicKey };
        return new Uint8Array(await subtle.deriveBits(parameters, privateKey, form.bits));
      } catch {
        // WebCrypto refuses results of zeros (W3C Secure Curves, X25519).
        return undefined;
      }
    },
  };
}

import type { webcrypto } from 'node:crypto';
import { misused } from './refusal.ts';
import type { Subtle } from './signatures.ts';

export type { Subtle };

export type HashName = 'SHA-256' | 'SHA-384';

/** How a signature was made; the names say key, hash and padding. */
export type SignatureScheme = 'ecdsa-p384-sha384' | 'rsa-pss-sha384' | 'rsa-pkcs1-sha256';

/** One cryptographic operation that a verification needs. */
export type CryptoRequest =
  | { readonly kind: 'digest'; readonly hash: HashName; readonly data: Uint8Array }
  | {
      readonly kind: 'verify';
      readonly scheme: SignatureScheme;
      /** SubjectPublicKeyInfo, DER. */
      readonly publicKey: Uint8Array;
      /** ECDSA: r then s, in the length of the curve. */
      readonly signature: Uint8Array;
      readonly signedBytes: Uint8Array;
    };

/** The digest, or whether the signature is good. */
export type CryptoAnswer = Uint8Array | boolean;

/**
 * A verification that is written once and runs on WebCrypto, whose answers are
 * promises, as well as on a library that answers at once: it asks for each
 * operation, and whoever runs it answers.
 */
export type CryptoSteps<T> = Generator<CryptoRequest, T, CryptoAnswer>;

/** Answers at once. A signature under a key that is none is false. */
export type SyncCrypto = (request: CryptoRequest) => CryptoAnswer;

export function* digest(hash: HashName, data: Uint8Array): CryptoSteps<Uint8Array> {
  const answer = yield { kind: 'digest', hash, data };
  return typeof answer === 'boolean' ? misused('A digest was answered like a signature.') : answer;
}

/** Only `true` is a good signature. */
export function* verifySignature(
  scheme: SignatureScheme,
  publicKey: Uint8Array,
  signed: { readonly signature: Uint8Array; readonly signedBytes: Uint8Array },
): CryptoSteps<boolean> {
  const { signature, signedBytes } = signed;
  return (yield { kind: 'verify', scheme, publicKey, signature, signedBytes }) === true;
}

/** Runs a verification on WebCrypto; `globalThis.crypto.subtle` unless given. */
export async function runSteps<T>(steps: CryptoSteps<T>, given: Subtle | undefined): Promise<T> {
  const subtle =
    given ??
    globalThis.crypto?.subtle ??
    misused('WebCrypto is not available here; in a browser it needs a secure context.');
  let step = steps.next();
  while (step.done !== true) step = steps.next(await answerOn(step.value, subtle));
  return step.value;
}

/** Runs a verification without waiting. */
export function runStepsSync<T>(steps: CryptoSteps<T>, crypto: SyncCrypto): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next(crypto(step.value));
  return step.value;
}

type KeyAlgorithm = Exclude<Parameters<Subtle['importKey']>[2], string>;
type VerifyAlgorithm = Exclude<Parameters<Subtle['verify']>[0], string>;

/** What WebCrypto calls the schemes (Web Cryptography API sections 20 to 23). */
const algorithms: Readonly<Record<SignatureScheme, { readonly key: KeyAlgorithm; readonly verify: VerifyAlgorithm }>> =
  Object.freeze({
    'ecdsa-p384-sha384': {
      key: { name: 'ECDSA', namedCurve: 'P-384' },
      verify: { name: 'ECDSA', hash: 'SHA-384' },
    },
    'rsa-pss-sha384': {
      key: { name: 'RSA-PSS', hash: 'SHA-384' },
      verify: { name: 'RSA-PSS', saltLength: 48 },
    },
    'rsa-pkcs1-sha256': {
      key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
      verify: { name: 'RSASSA-PKCS1-v1_5' },
    },
  });

async function answerOn(request: CryptoRequest, subtle: Subtle): Promise<CryptoAnswer> {
  if (request.kind === 'digest') return new Uint8Array(await subtle.digest(request.hash, request.data));
  const { key: keyAlgorithm, verify } = algorithms[request.scheme];
  const key = await importKey(request.publicKey, keyAlgorithm, subtle);
  return key !== undefined && (await subtle.verify(verify, key, request.signature, request.signedBytes));
}

/** A rejection means that the bytes are no key, and any other failure must not pass either. */
async function importKey(
  publicKey: Uint8Array,
  algorithm: KeyAlgorithm,
  subtle: Subtle,
): Promise<webcrypto.CryptoKey | undefined> {
  try {
    return await subtle.importKey('spki', publicKey, algorithm, true, ['verify']);
  } catch {
    return undefined;
  }
}

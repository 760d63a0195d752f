import { decodeLatin1 } from '@enclos/codec/text';
import { concatBytes } from '@enclos/codec';
import { importKeyOnce } from '@enclos/bounded';
import type { webcrypto } from 'node:crypto';
import type { CryptoAnswer, CryptoRequest, SpkiScheme, Steps } from './crypto-steps.ts';
import { misused } from '../refusal/refusal.ts';

/** The part of WebCrypto that verification needs. */
export type Subtle = Pick<webcrypto.SubtleCrypto, 'digest' | 'importKey' | 'verify'>;

type ImportedKey = Promise<webcrypto.CryptoKey | undefined>;

type KeyAlgorithm = Exclude<Parameters<Subtle['importKey']>[2], string>;
type VerifyAlgorithm = Exclude<Parameters<Subtle['verify']>[0], string>;

/** What WebCrypto calls the schemes (Web Cryptography API sections 20 to 23). */
const spkiSchemes: Readonly<Record<SpkiScheme, { readonly key: KeyAlgorithm; readonly verify: VerifyAlgorithm }>> =
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
const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const algorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

/**
 * Drives steps over WebCrypto.
 *
 * @param given `options.subtle` of the caller, or `globalThis.crypto?.subtle`.
 * @throws VERIFIER_MISUSED where there is no WebCrypto: a browser has it in secure contexts only.
 */
export async function runAsync<T>(steps: Steps<T>, given: Subtle | undefined): Promise<T> {
  const subtle = given ?? misused('WebCrypto is not available here; in a browser it needs a secure context.');
  let step = steps.next();
  while (step.done !== true) step = steps.next(await answer(step.value, subtle));
  return step.value;
}

async function answer(request: CryptoRequest, subtle: Subtle): Promise<CryptoAnswer> {
  if (request.kind === 'sha256') return new Uint8Array(await subtle.digest('SHA-256', request.data));
  if (request.kind === 'verify-spki') {
    const scheme = spkiSchemes[request.scheme];
    const spkiKey = await importSpki(request.publicKey, request.scheme, subtle);
    if (spkiKey === undefined) return false;
    return subtle.verify(scheme.verify, spkiKey, request.signature, request.signedBytes);
  }
  const key = await importPoint(request.publicKey, subtle);
  if (request.kind === 'is-key') return key !== undefined;
  return key !== undefined && subtle.verify(algorithm, key, request.signature, request.signedBytes);
}

function importPoint(publicKey: Uint8Array, subtle: Subtle): ImportedKey {
  const point = concatBytes(Uint8Array.of(4), publicKey);
  return importKeyOnce(`p256 ${decodeLatin1(publicKey)}`, subtle, () =>
    subtle.importKey('raw', point, curve, true, ['verify']),
  );
}

function importSpki(publicKey: Uint8Array, scheme: SpkiScheme, subtle: Subtle): ImportedKey {
  const { key } = spkiSchemes[scheme];
  const id = `${scheme} ${decodeLatin1(publicKey)}`;
  return importKeyOnce(id, subtle, () => subtle.importKey('spki', publicKey, key, true, ['verify']));
}

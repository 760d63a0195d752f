import { webcrypto } from 'node:crypto';
import {
  appraise,
  boundReportData,
  parseCollateral,
  verifyQuote,
  type QuoteVerdict,
  type SgxPolicy,
  type TrustedRoot,
  type VerifiedEvidence,
} from '@enclos/attestation';
import { fromBase64url, toBase64url } from '@enclos/codec';
import { encodeValue } from '@enclos/edl';
import { decryptWith, encryptTo } from './encryption.ts';
import { evidencePurpose, secretRecord } from './vault.edl.ts';

/** The vault behind a URL refused or failed. */
export class VaultResponseError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'VaultResponseError';
    this.code = code;
  }
}

export interface Attested {
  /** Encrypts to the enclave that was verified, and to nobody else. */
  readonly publicKey: Uint8Array;
  readonly verdict: QuoteVerdict;
  readonly evidence: VerifiedEvidence;
}

/** How the vault's owner decides whom to trust. Comes from the owner, never from the vault. */
export interface VaultTrust {
  readonly roots: readonly TrustedRoot[];
  readonly policy: SgxPolicy;
}

/**
 * Checks the vault before it is given anything: a fresh nonce, the quote
 * verified to a pinned root, appraised against the owner's policy, and bound to
 * the key that the secret will be encrypted to.
 */
export async function attest(url: string, trust: VaultTrust): Promise<Attested> {
  const nonce = webcrypto.getRandomValues(new Uint8Array(32));
  const answer = await request(`${url}/evidence?nonce=${toBase64url(nonce)}`);
  const publicKey = fromBase64url(text(answer, 'publicKey'));
  const now = new Date();
  const endorsements = parseCollateral(await request(`${url}/endorsements`));
  const verdict = await verifyQuote(fromBase64url(text(answer, 'quote')), endorsements, { roots: trust.roots, now });
  const reportData = await boundReportData({ purpose: evidencePurpose, nonce, key: publicKey });
  const evidence = appraise(verdict, trust.policy, { reportData }, { now });
  return { publicKey, verdict, evidence };
}

export interface Reader {
  readonly keyPair: webcrypto.CryptoKeyPair;
  readonly publicKey: Uint8Array;
}

export async function createReader(): Promise<Reader> {
  const keyPair = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, [
    'deriveBits',
    'deriveKey',
  ]);
  return { keyPair, publicKey: new Uint8Array(await webcrypto.subtle.exportKey('raw', keyPair.publicKey)) };
}

/** Encrypts a secret to the attested enclave and uploads it. */
export async function upload(
  url: string,
  attested: Attested,
  secret: { name: string; value: Uint8Array; readers: readonly Uint8Array[] },
): Promise<void> {
  const plaintext = encodeValue(secretRecord, { readers: secret.readers, value: secret.value });
  const message = await encryptTo(attested.publicKey, { direction: 'upload', name: secret.name }, plaintext);
  await request(`${url}/secrets/${encodeURIComponent(secret.name)}`, {
    method: 'PUT',
    body: JSON.stringify({
      encapsulatedKey: toBase64url(message.encapsulatedKey),
      ciphertext: toBase64url(message.ciphertext),
    }),
  });
}

/** Asks for a secret; only the private key of a reader that the owner named can open the answer. */
export async function read(url: string, reader: Reader, name: string): Promise<Uint8Array> {
  const answer = await request(`${url}/secrets/${encodeURIComponent(name)}?reader=${toBase64url(reader.publicKey)}`);
  const message = {
    encapsulatedKey: fromBase64url(text(answer, 'encapsulatedKey')),
    ciphertext: fromBase64url(text(answer, 'ciphertext')),
  };
  return decryptWith(reader.keyPair, { direction: 'release', name }, message);
}

async function request(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (!response.ok) throw new VaultResponseError(text(body, 'code'), text(body, 'message'));
  return body;
}

function text(body: unknown, name: string): string {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  if (typeof value !== 'string') throw new VaultResponseError('BAD_ANSWER', `The vault's answer has no "${name}".`);
  return value;
}

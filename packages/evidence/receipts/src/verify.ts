import './errors.ts';
import type { webcrypto } from 'node:crypto';
import { toBase64url, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { thumbprintInput, verifyJws, type SignatureKey, type VerificationCrypto } from '@enclos/jose';
import type { ReceiptClaims } from './claims.ts';
import { readReceipt, type Receipt } from './forms.ts';
import { mismatched, misused } from './refusal.ts';

/** The part of WebCrypto that the verification of receipts needs. */
export type ReceiptCrypto = Pick<webcrypto.SubtleCrypto, 'digest'> & VerificationCrypto;

/** What verifies signatures and makes digests: `webReceiptVerifier`, or `nodeReceiptVerifier` of `@enclos/receipts/node`. */
export interface ReceiptVerifier {
  readonly sha256: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** Whether the signature holds, by exactly the algorithm that the receipt names. */
  readonly holds: (receipt: SignedReceipt, key: SignatureKey) => boolean | Promise<boolean>;
}

export type SignedReceipt = Pick<Receipt, 'algorithm' | 'signingInput' | 'signature'>;

/** Over WebCrypto, for browsers and Node. */
export function webReceiptVerifier(subtle: ReceiptCrypto = globalThis.crypto.subtle): ReceiptVerifier {
  return Object.freeze<ReceiptVerifier>({
    sha256: async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes)),
    holds: async (receipt, key) => (await verifyJws(receipt, key, subtle)) === undefined,
  });
}

/** Claims to compare; what is not here is not compared. Digests in lower-case hex. */
export type ExpectedClaims = Partial<Omit<ReceiptClaims, 'issuedAt' | 'requestDigest' | 'responseDigest' | 'sequence'>>;

export interface VerifyReceiptOptions {
  /**
   * The receipt keys of the service: one, or those before and after a rotation. Take them from a key set that evidence vouches
   * for, and expect its `keySetDigest`: a key alone says nothing of what holds it.
   */
  readonly keys: readonly SignatureKey[];
  /** The body of the request as it was sent, before encryption. It is never left out silently. */
  readonly request: Uint8Array | 'not compared';
  /** The body of the response as it was received, after decryption. */
  readonly response: Uint8Array | 'not compared';
  /** The evidence that vouches for the key set, whose digest the receipt must have. */
  readonly evidence?: Uint8Array;
  readonly expected?: ExpectedClaims;
  /** Accept no receipt that is older than `maximumSeconds`, or later than the time of verification by more than a minute. */
  readonly age?: { readonly now: Date; readonly maximumSeconds: number };
  /** Default: `webReceiptVerifier()`. */
  readonly verifier?: ReceiptVerifier;
}

/** A receipt whose signature holds, and whose claims are those that were expected. */
export interface VerifiedReceipt extends Pick<Receipt, 'algorithm' | 'form' | 'kid'> {
  readonly claims: ReceiptClaims;
}

/** Clocks differ. */
const toleratedSeconds = 60;

/**
 * Verifies a receipt: its form, its signature by one of the keys, and then each claim that the caller knows.
 *
 * @param bytes COSE, or a JWS in ASCII.
 *
 * @example
 * import { verifyReceipt, type VerifyReceiptOptions } from '@enclos/receipts';
 *
 * export async function answeringModel(receipt: Uint8Array, options: VerifyReceiptOptions): Promise<string> {
 *   const { claims } = await verifyReceipt(receipt, options);
 *   return claims.modelDigest;
 * }
 *
 * @throws RECEIPT_INVALID, RECEIPT_KEY_UNKNOWN, RECEIPT_SIGNATURE_INVALID, RECEIPT_MISMATCH (`details.claim`), RECEIPT_STALE, and
 * RECEIPT_MISUSED when no key is given.
 */
export async function verifyReceipt(bytes: Uint8Array, options: VerifyReceiptOptions): Promise<VerifiedReceipt> {
  const verifier = options.verifier ?? webReceiptVerifier();
  if (options.keys.length === 0) misused('Without a key no receipt can be verified.');
  const receipt = readReceipt(bytes);
  const key = await keyOf(receipt, options.keys, verifier);
  if (!(await verifier.holds(receipt, key))) throw new EnclosError('RECEIPT_SIGNATURE_INVALID');
  await compareBodies(receipt.claims, options, verifier);
  compareClaims(receipt.claims, options.expected ?? {});
  checkAge(receipt.claims, options.age);
  const { algorithm, form, kid, claims } = receipt;
  return Object.freeze({ algorithm, form, kid, claims });
}

/** The identifier of a receipt key: its SHA-256 thumbprint (RFC 7638), base64url. */
export async function receiptKeyId(
  key: SignatureKey,
  subtle: Pick<webcrypto.SubtleCrypto, 'digest'> = globalThis.crypto.subtle,
): Promise<string> {
  return toBase64url(new Uint8Array(await subtle.digest('SHA-256', thumbprintInput(key))));
}

/** The key that the receipt names, if it is of the type that the algorithm takes. */
async function keyOf(
  { kid, algorithm }: Receipt,
  keys: readonly SignatureKey[],
  { sha256 }: ReceiptVerifier,
): Promise<SignatureKey> {
  const type = algorithm === 'EdDSA' ? 'Ed25519' : 'P-256';
  for (const key of keys) {
    if (key.type === type && toBase64url(await sha256(thumbprintInput(key))) === kid) return key;
  }
  throw new EnclosError('RECEIPT_KEY_UNKNOWN');
}

async function compareBodies(
  claims: ReceiptClaims,
  { request, response, evidence }: VerifyReceiptOptions,
  { sha256 }: ReceiptVerifier,
): Promise<void> {
  const bodies = [
    ['requestDigest', request],
    ['responseDigest', response],
    ['evidenceDigest', evidence ?? 'not compared'],
  ] as const;
  for (const [claim, body] of bodies) {
    if (body === 'not compared') continue;
    if (toHex(await sha256(body)) !== claims[claim]) mismatched(claim);
  }
}

function compareClaims(claims: ReceiptClaims, expected: ExpectedClaims): void {
  for (const name of Object.keys(expected)) {
    // The names of the expectations are those of claims.
    const claim = name as keyof ExpectedClaims;
    if (expected[claim] !== undefined && expected[claim] !== claims[claim]) mismatched(claim);
  }
}

function checkAge({ issuedAt }: ReceiptClaims, age: VerifyReceiptOptions['age']): void {
  if (age === undefined) return;
  const seconds = age.now.getTime() / 1000 - issuedAt;
  if (seconds <= age.maximumSeconds && seconds >= -toleratedSeconds) return;
  throw new EnclosError('RECEIPT_STALE', undefined, { details: { issuedAt } });
}

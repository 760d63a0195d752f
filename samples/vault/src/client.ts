import type { webcrypto } from 'node:crypto';
import {
  appraise,
  boundReportData,
  parseCollateral,
  verifyQuote,
  type QuoteVerdict,
  type SgxPolicy,
  type TrustedRoot,
  type SgxEvidence,
} from '@enclos/attestation';
import { equalBytes, toBase64url } from '@enclos/codec';
import { decodeValue, encodeValue, type Infer } from '@enclos/edl';
import { decryptMessage, encryptMessage, type Encrypted } from './encryption.ts';
import { bytesField, readEncrypted, request, VaultResponseError, writeEncrypted } from './http.ts';
import { signReplacement } from './ownership.ts';
import { evidencePurpose, releasedSecret, uploadedSecret } from './vault.edl.ts';

/** A verified enclave. Only `attest` makes one; `upload`, `replace` and `read` accept nothing else. */
export interface Attested {
  readonly url: string;
  /** Its private half exists only in the verified enclave. */
  readonly publicKey: Uint8Array;
  readonly verdict: QuoteVerdict;
  readonly evidence: SgxEvidence;
}

const made = new WeakSet<Attested>();

function requireAttested(attested: Attested): void {
  if (!made.has(attested)) throw new TypeError('This was not attested: give what attest() returned.');
}

/** The client's trust decisions. They come from the signer and the vendor, never from the vault. */
export interface VaultTrust {
  readonly roots: readonly TrustedRoot[];
  readonly policy: SgxPolicy;
}

/**
 * Checks the vault before it is given anything: a fresh nonce, the quote
 * verified to a pinned root, appraised against the policy, and bound to the key
 * that uploads are encrypted to and answers are authenticated by.
 */
export async function attest(url: string, trust: VaultTrust): Promise<Attested> {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const answer = await request(`${url}/evidence?nonce=${toBase64url(nonce)}`);
  const publicKey = bytesField(answer, 'publicKey');
  const now = new Date();
  const endorsements = parseCollateral(await request(`${url}/endorsements`));
  const verdict = await verifyQuote(bytesField(answer, 'quote'), endorsements, { roots: trust.roots, now });
  const reportData = await boundReportData({ purpose: evidencePurpose, nonce, key: publicKey });
  const evidence = appraise(verdict, trust.policy, { reportData }, { now });
  const attested = Object.freeze({ url, publicKey, verdict, evidence });
  made.add(attested);
  return attested;
}

/** A key pair of a client, whose private half cannot be exported. */
export interface ClientKey {
  readonly pair: webcrypto.CryptoKeyPair;
  readonly publicKey: Uint8Array;
}

/** A key that can be named as reader, and that reads. */
export async function createReader(): Promise<ClientKey> {
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
  return clientKey(await crypto.subtle.generateKey(algorithm, false, ['deriveBits', 'deriveKey']));
}

/** A key that owns secrets: its signature can replace them. */
export async function createOwner(): Promise<ClientKey> {
  return clientKey(await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']));
}

async function clientKey(pair: webcrypto.CryptoKeyPair): Promise<ClientKey> {
  return { pair, publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)) };
}

export interface SecretUpload extends Infer<typeof uploadedSecret> {
  readonly name: string;
}

/** Encrypts a new secret to the attested enclave and uploads it. */
export async function upload(attested: Attested, secret: SecretUpload): Promise<void> {
  await send(attested, secret.name, { method: 'POST', body: writeEncrypted(await encryptUpload(attested, secret)) });
}

/**
 * Replaces a secret with its next version.
 *
 * @param order `owner`: the key that owns the secret; `version`: the new version.
 */
export async function replace(
  attested: Attested,
  secret: SecretUpload,
  order: { readonly owner: ClientKey; readonly version: number },
): Promise<void> {
  const encrypted = await encryptUpload(attested, secret);
  const { version } = order;
  const signature = await signReplacement(order.owner.pair.privateKey, {
    name: secret.name,
    version,
    upload: encrypted,
  });
  const body = { ...writeEncrypted(encrypted), version, signature: toBase64url(signature) };
  await send(attested, secret.name, { method: 'PUT', body });
}

function encryptUpload(attested: Attested, { name, ...secret }: SecretUpload): Promise<Encrypted> {
  requireAttested(attested);
  const plaintext = encodeValue(uploadedSecret, secret);
  return encryptMessage(plaintext, { direction: 'upload', name }, { recipient: attested.publicKey });
}

async function send({ url }: Attested, name: string, what: { method: string; body: object }): Promise<void> {
  await request(`${url}/secrets/${encodeURIComponent(name)}`, {
    method: what.method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(what.body),
  });
}

/**
 * Asks for a secret. Only the private key of a reader that the owner named can open the answer, and only an answer of the
 * attested enclave to this request can be opened.
 *
 * @param wanted `owner`: the public key that must own the secret.
 * @throws VaultResponseError `ANSWER_NOT_AUTHENTIC`, `OTHER_OWNER`, or the code of the vault's refusal.
 */
export async function read(
  attested: Attested,
  reader: ClientKey,
  wanted: { readonly name: string; readonly owner: Uint8Array },
): Promise<Infer<typeof releasedSecret>> {
  requireAttested(attested);
  const { name } = wanted;
  const challenge = crypto.getRandomValues(new Uint8Array(32));
  const query = `reader=${toBase64url(reader.publicKey)}&challenge=${toBase64url(challenge)}`;
  const answer = readEncrypted(await request(`${attested.url}/secrets/${encodeURIComponent(name)}?${query}`));
  const parties = { recipient: reader.pair, sender: attested.publicKey };
  const opened = await decryptMessage(answer, { direction: 'release', name, challenge }, parties).catch(
    (cause: unknown) => {
      throw new VaultResponseError('ANSWER_NOT_AUTHENTIC', 'This is not an answer of the attested enclave.', { cause });
    },
  );
  const released = decodeValue(releasedSecret, opened);
  if (equalBytes(released.owner, wanted.owner)) return released;
  throw new VaultResponseError('OTHER_OWNER', 'The secret of this name belongs to another owner.');
}

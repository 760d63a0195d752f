import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { toBase64url, toHex, utf8 } from '@enclos/codec';
import { signatureKeyOfSpki } from '@enclos/jose';
import { receiptKeyId, writeReceipt, type ReceiptClaims, type ReceiptForm, type ReceiptSigner } from '@enclos/receipts';
import { sha256 } from '@enclos/service/state';
import type { ApiAnswer, ApiRequest } from '../api/api-request.ts';
import { receiptNames } from '../receipt-names.ts';

/** What every receipt of this enclave says. */
export type ServiceClaims = Pick<
  ReceiptClaims,
  'issuer' | 'tee' | 'measurement' | 'evidenceDigest' | 'keySetDigest' | 'policyDigest'
>;

/** The key of receipts: it is born here, and the key set names it. */
export interface ReceiptKey {
  readonly signer: ReceiptSigner;
  /** SubjectPublicKeyInfo, in DER. */
  readonly publicKey: Uint8Array;
}

export async function createReceiptKey(): Promise<ReceiptKey> {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const kid = await receiptKeyId(signatureKeyOfSpki(publicKey));
  return Object.freeze<ReceiptKey>({
    publicKey,
    signer: { algorithm: 'EdDSA', kid, sign: (input) => new Uint8Array(sign(null, input, pair.privateKey)) },
  });
}

/** Writes receipts for answers of models. */
export class ReceiptWriter {
  readonly #signer: ReceiptSigner;
  readonly #claims: () => ServiceClaims;
  readonly #now: () => Date;
  #sequence = 0;

  /** @param claims as they are now: a rotation of keys changes them */
  constructor(signer: ReceiptSigner, claims: () => ServiceClaims, now: () => Date) {
    this.#signer = signer;
    this.#claims = claims;
    this.#now = now;
  }

  /**
   * Adds a receipt: as a header to a whole answer, as a last event to one that is streamed. Answers that no model computed have
   * none, and those whose client wants none.
   */
  async attest(request: ApiRequest, answer: ApiAnswer): Promise<ApiAnswer> {
    const requestId = requestIdOf(request);
    const headers = { ...answer.headers, [receiptNames.requestId]: requestId };
    const { model, body } = answer;
    const wanted = request.headers.get(receiptNames.form);
    if (model === undefined || answer.status !== 200 || wanted === 'none') return { ...answer, headers };
    const form: ReceiptForm = wanted === 'jws' ? 'jws' : 'cose';
    const write = async (responseDigest: string): Promise<string> => {
      const receipt = await writeReceipt(
        form,
        {
          ...this.#claims(),
          issuedAt: Math.floor(this.#now().getTime() / 1000),
          requestId,
          sequence: this.#sequence++,
          model: model.name,
          modelVersion: model.version,
          modelDigest: model.digest,
          requestDigest: toHex(sha256(request.body)),
          responseDigest,
        },
        this.#signer,
      );
      return form === 'jws' ? Buffer.from(receipt).toString('ascii') : toBase64url(receipt);
    };
    if (!(body instanceof Uint8Array)) return { ...answer, headers, body: withLastEvent(body, write) };
    return { ...answer, headers: { ...headers, [receiptNames.receipt]: await write(toHex(sha256(body))) } };
  }
}

/** The events as they come, and then a receipt over the bytes of all of them. */
async function* withLastEvent(
  body: AsyncIterable<Uint8Array>,
  write: (responseDigest: string) => Promise<string>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of body) {
    hash.update(piece);
    yield piece;
  }
  yield utf8(`event: ${receiptNames.receipt}\ndata: ${await write(hash.digest('hex'))}\n\n`);
}

/** The client's name for its request where it has one that a log can hold, otherwise a new one. */
function requestIdOf({ headers }: ApiRequest): string {
  const given = headers.get(receiptNames.requestId);
  return given !== undefined && /^[\w.:-]{1,64}$/.test(given) ? given : toHex(new Uint8Array(randomBytes(16)));
}

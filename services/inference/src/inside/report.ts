import { Turns } from '@enclos/bounded';
import { equalBytes, fromHex, toHex } from '@enclos/codec';
import { encodeKeySet, type KeySet } from '@enclos/hpke';
import type { HttpRequest, HttpResponse } from '@enclos/http';
import { modelManifestDigest, type ServedModels } from '@enclos/inference-models';
import { inferenceReportData, writeInferenceReport } from '@enclos/receipts';
import { sha256 } from '@enclos/service/state';

export interface ReportOptions {
  readonly keys: KeySet;
  /** What may be served now. */
  readonly models: () => ServedModels;
  /** SubjectPublicKeyInfo of the receipt key. */
  readonly receiptKey: Uint8Array;
  readonly quote: (reportData: Uint8Array) => Promise<Uint8Array>;
  readonly endorsements: () => Promise<string>;
  readonly nowMs: () => number;
}

/** A quote takes a while, and strangers may ask: so many with a nonce of theirs are made in a second. */
const quotesInSecond = 10;
const nonceForm = /^[0-9a-f]{64}$/;

/** What the evidence of the service is about now. */
interface Current {
  readonly keySet: Uint8Array;
  readonly models: ServedModels;
  readonly digest: Uint8Array;
  readonly quote: Uint8Array;
  readonly endorsements: string;
  readonly digests: ReportDigests;
}

/** Digests for receipts, in hex. */
export interface ReportDigests {
  readonly keySetDigest: string;
  readonly evidenceDigest: string;
}

/**
 * The report on keys and models, made once for each key set. With a nonce it is fresh, and costs a quote: those are bounded in number for
 * all clients together, and a client that gets none may take the one without a nonce.
 */
export class ReportDesk {
  readonly #options: ReportOptions;
  #current: Current | undefined;
  /** A later call may have newer keys: with a quote for each call at once, that of older keys could be the last to be ready. */
  readonly #renewing = new Turns();
  #second = 0;
  #quotes = 0;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  /**
   * Makes the evidence for the keys as they are, if it has others. To be called at the start, and again and again: what fails, as when
   * the host has no endorsements, is tried at the next call.
   */
  async renew(): Promise<void> {
    return this.#renewing.take(async () => this.#renew());
  }

  async #renew(): Promise<void> {
    const { keys, models, receiptKey, quote, endorsements } = this.#options;
    const served = models();
    const modelDigest = fromHex(await modelManifestDigest(served));
    const keySet = encodeKeySet({ keys: keys.published(), modelManifestDigest: modelDigest, receiptKey });
    const digest = sha256(keySet);
    if (this.#current !== undefined && equalBytes(digest, this.#current.digest)) return;
    const made = await quote(await inferenceReportData(digest));
    this.#current = {
      keySet,
      models: served,
      digest,
      quote: made,
      endorsements: await endorsements(),
      digests: Object.freeze({ keySetDigest: toHex(digest), evidenceDigest: toHex(sha256(made)) }),
    };
  }

  /** What receipts say of the evidence: made once for it, and asked for with each answer. */
  get digests(): ReportDigests {
    if (this.#current === undefined) throw new Error('No evidence was made yet.');
    return this.#current.digests;
  }

  async answer({ query }: Pick<HttpRequest, 'query'>): Promise<HttpResponse> {
    const current = this.#current;
    if (current === undefined) return json(503, '{"error":"The service is not ready."}');
    const nonce = query.get('nonce');
    if (nonce === null) return json(200, this.#write(current, current.quote));
    if (!nonceForm.test(nonce)) return json(400, '{"error":"The nonce is not 32 bytes in lower-case hex."}');
    if (!this.#mayQuote()) {
      return json(429, '{"error":"Too many reports with a nonce. Try again."}', { 'retry-after': '1' });
    }
    const bytes = fromHex(nonce);
    const fresh = await this.#options.quote(await inferenceReportData(current.digest, bytes));
    return json(200, this.#write(current, fresh, bytes));
  }

  #write({ keySet, models, endorsements }: Current, value: Uint8Array, nonce?: Uint8Array): string {
    return writeInferenceReport({
      ...models,
      keySet,
      evidence: { kind: 'sgx-quote', value },
      endorsements,
      ...(nonce === undefined ? {} : { nonce }),
    });
  }

  #mayQuote(): boolean {
    const second = Math.floor(this.#options.nowMs() / 1000);
    if (second !== this.#second) [this.#second, this.#quotes] = [second, 0];
    this.#quotes++;
    return this.#quotes <= quotesInSecond;
  }
}

function json(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { ...headers, 'content-type': 'application/json', 'cache-control': 'no-store' }, body };
}

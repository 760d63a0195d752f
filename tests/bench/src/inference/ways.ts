import { webcrypto } from 'node:crypto';
import { ml_kem768_x25519 as xWingOfNoble } from '@noble/post-quantum/hybrid.js';
import { toHex } from '@enclos/codec';
import { kemIds, webEngine, xWingFrom } from '@enclos/hpke';
import { hasXWing, nodeEngine } from '@enclos/hpke/node';
import { createInferenceClient, type InferenceClient, type InferenceClientOptions } from '@enclos/inference-client';
import {
  headerLengthName,
  inferRequestBody,
  parseInferResponse,
  readHeaderLength,
  wholeBody,
  type InferResponse,
} from '@enclos/open-inference';
import { nodeReceiptVerifier } from '@enclos/receipts/node';
import { httpFetch } from './http-fetch.ts';
import type { Load } from './models.ts';

/** Where the servers are that a client measures. */
export interface Ports {
  /** The enclave, without TLS and with it. */
  readonly http: number;
  readonly https: number;
  /** Outside, with its engine in its own process, and with engines in others. */
  readonly own: number;
  readonly others: number;
}

/** One way to ask for a run. */
export type Way = (load: Load) => Promise<InferResponse>;

export type WayName =
  | 'own'
  | 'others'
  | 'plain'
  | 'tls'
  | 'oneShot'
  | 'hybrid'
  | 'session'
  | 'plainReceipt'
  | 'oneShotReceipt';

/** Receipts are measured apart. */
const withoutReceipt = { 'enclos-receipt-format': 'none' };

const random = (length: number): Uint8Array => webcrypto.getRandomValues(new Uint8Array(length));

/** X-Wing of node:crypto where it has ML-KEM, and of a library otherwise. */
const hybridEngine = hasXWing() ? nodeEngine() : webEngine(webcrypto, { kems: [xWingFrom(xWingOfNoble, random)] });

export function waysTo({ http, https, own, others }: Ports): Readonly<Record<WayName, Way>> {
  const sealed = (options: Partial<InferenceClientOptions>): InferenceClient =>
    createInferenceClient({
      url: `http://127.0.0.1:${http}`,
      engine: nodeEngine(),
      receiptVerifier: nodeReceiptVerifier,
      receipts: 'none',
      fetch: httpFetch,
      // What is measured is requests: an appraisal is that of `npm run bench -- atls`.
      appraise: async ({ reportData, evidence }) => ({
        tee: 'sgx',
        // DCAP quote of SGX, version 3: the header of 48 bytes, and MRENCLAVE at 64 of the report.
        measurement: toHex(evidence.subarray(48 + 64, 48 + 96)),
        reportData: toHex(reportData),
      }),
      ...options,
    });
  const through =
    (client: InferenceClient): Way =>
    ({ model, input }) =>
      client.infer({ model, inputs: [input] });
  return {
    own: plainWay(`http://127.0.0.1:${own}`),
    others: plainWay(`http://127.0.0.1:${others}`),
    plain: plainWay(`http://127.0.0.1:${http}`, withoutReceipt),
    tls: plainWay(`https://127.0.0.1:${https}`, withoutReceipt),
    oneShot: through(sealed({})),
    hybrid: through(sealed({ engine: hybridEngine, kems: [kemIds.xWing] })),
    session: through(sealed({ transport: 'session' })),
    plainReceipt: plainWay(`http://127.0.0.1:${http}`),
    oneShotReceipt: through(sealed({ receipts: 'require' })),
  };
}

/** Neither sealed nor proven: the same body over the same `fetch`. */
function plainWay(base: string, more: Readonly<Record<string, string>> = {}): Way {
  return async ({ model, input }) => {
    const body = inferRequestBody({ inputs: [input], areInputsBinary: true, areOutputsBinary: true });
    const response = await httpFetch(`${base}/v2/models/${model}/infer`, {
      method: 'POST',
      headers: { 'content-type': body.contentType, [headerLengthName]: String(body.headerLength), ...more },
      body: wholeBody(body),
    });
    if (response.status !== 200) throw new Error(`It is answered with ${response.status}: ${await response.text()}`);
    const headerLength = readHeaderLength(response.headers.get(headerLengthName));
    return parseInferResponse(new Uint8Array(await response.arrayBuffer()), { headerLength });
  };
}

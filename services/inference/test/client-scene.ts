import assert from 'node:assert/strict';
import { KeySet, ReplayWindow, aeadIds, kdfIds, kemIds } from '@enclos/hpke';
import type { OuterFetch } from '@enclos/inference-client';
import type { InferenceApi } from '../src/index.ts';
import { createHandler } from '../src/channels/handler.ts';
import { ReceiptWriter, createReceiptKey, type ServiceClaims } from '../src/inside/receipts.ts';
import { ReportDesk } from '../src/inside/report.ts';
import { apiOf, modelsOf, adder, speaker } from './scene.ts';
import { engine, maxBytes, wholeBodyOf } from './sealed-scene.ts';

export const url = 'https://service.test';
export const measurement = '33'.repeat(32);
export const nowMs = (): number => 1_700_000_000_000;

export interface FetchScene {
  readonly fetch: OuterFetch;
  /** That of the report, in hex. */
  readonly keySetDigest: () => string;
}

/** The service with its reports and receipts, whose evidence is the report data itself. */
export async function openFetch(api: InferenceApi = apiOf(modelsOf(adder, speaker))): Promise<FetchScene> {
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  await keys.refresh(nowMs());
  const { publicKey: receiptKey, signer } = await createReceiptKey();
  const desk = new ReportDesk({
    keys,
    models: () => ({ models: [] }),
    receiptKey,
    quote: async (reportData) => reportData,
    endorsements: async () => 'none',
    nowMs,
  });
  await desk.renew();
  const claims = (): ServiceClaims => ({
    issuer: url,
    tee: 'sgx',
    measurement,
    ...desk.digests,
  });
  const receipts = new ReceiptWriter(signer, claims, () => new Date(nowMs()));
  const { handler } = createHandler({
    api,
    context: { engine, keys, window: new ReplayWindow(), nowMs, maxBytes },
    attestAnswer: (request, answer) => receipts.attest(request, answer),
    report: (request) => desk.answer(request),
    onFault: (error) => assert.fail(String(error)),
  });
  const fetch: OuterFetch = async (address, init) => {
    const request = new Request(address, init);
    const { pathname, search, searchParams } = new URL(address);
    const answer = await handler(
      {
        method: request.method,
        path: pathname,
        search,
        query: searchParams,
        headers: new Map(request.headers),
        body: new Uint8Array(await request.arrayBuffer()),
        remoteAddress: '',
        clientCertificate: undefined,
        clientCertificateChain: [],
      },
      { signal: request.signal },
    );
    const headers = Object.entries(answer.headers ?? {}).map(([name, value]): [string, string] => [name, value]);
    return new Response(new Uint8Array(await wholeBodyOf(answer)), { status: answer.status, headers });
  };
  return { fetch, keySetDigest: () => desk.digests.keySetDigest };
}

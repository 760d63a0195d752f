import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { concatBytes, fromHex, toBase64url, toHex } from '@enclos/codec';
import { peerEvidence, type ScenarioChanges } from '@enclos/evidence-kit';
import {
  KeySet,
  OhttpRequestOpener,
  aeadIds,
  chunkedOhttpProfile,
  decodeBhttpRequest,
  encodeBhttpResponse,
  encodeKeySet,
  kdfIds,
  kemIds,
} from '@enclos/hpke';
import { nodeEngine } from '@enclos/hpke/node';
import { modelManifestDigest } from '@enclos/inference-models';
import { signatureKeyOfSpki } from '@enclos/jose';
import { inferenceReportData, receiptKeyId, writeInferenceReport, writeReceipt } from '@enclos/receipts';
import { parseQuoteV3 } from '@enclos/sgx';

/** A request as the enclave sees it. */
export interface AskedInside {
  readonly method: string;
  readonly path: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  /** SHA-256 of the keys of the service, in hex. */
  readonly keySetDigest: string;
}

export interface AnswerInside {
  readonly status?: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface InferenceServiceOptions {
  /** Of its evidence. */
  readonly changes?: ScenarioChanges;
  readonly model: { readonly name: string; readonly digest: string };
  readonly answer: (asked: AskedInside) => AnswerInside;
  /** Default: true. */
  readonly writesReceipts?: boolean;
  /** The version of its catalogue. Default: it has none. */
  readonly catalogueVersion?: number;
  /** Answers of an address that is not sealed. */
  readonly unsealedStatus?: number;
}

const engine = nodeEngine();
const maxBytes = 1_048_576;
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/** An inference service on a synthetic platform, over plain HTTP: reports and chunked Oblivious HTTP. @returns its URL */
export async function serveInference(options: InferenceServiceOptions): Promise<string> {
  const { model, answer, writesReceipts = true, changes, unsealedStatus, catalogueVersion } = options;
  const catalogue = catalogueVersion === undefined ? {} : { catalogueVersion };
  const pair = generateKeyPairSync('ed25519');
  const receiptKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const kid = await receiptKeyId(signatureKeyOfSpki(receiptKey));
  const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];
  const keys = new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  await keys.refresh(Date.now());
  const models = [{ ...model, version: '1', sizeBytes: 5 }];
  const manifest = fromHex(await modelManifestDigest({ models, ...catalogue }));
  const keySet = encodeKeySet({ keys: keys.published(), modelManifestDigest: manifest, receiptKey });
  const evidence = peerEvidence(changes);

  const report = async (nonce: Uint8Array): Promise<string> => {
    const { quote, endorsements } = await evidence(await inferenceReportData(sha256(keySet), nonce));
    const shown = { keySet, models, ...catalogue, evidence: { kind: 'sgx-quote', value: quote }, endorsements, nonce };
    return writeInferenceReport(shown);
  };
  const measurement = toHex(parseQuoteV3((await evidence(new Uint8Array(64))).quote).reportBody.mrEnclave);
  const receiptOf = async (requestId: string, request: Uint8Array, response: Uint8Array): Promise<string> => {
    const claims = {
      issuer: 'https://kit.test',
      issuedAt: Math.floor(Date.now() / 1000),
      requestId,
      sequence: 0,
      model: model.name,
      modelVersion: '1',
      modelDigest: model.digest,
      requestDigest: toHex(sha256(request)),
      responseDigest: toHex(sha256(response)),
      tee: 'sgx',
      measurement,
      evidenceDigest: '00'.repeat(32),
      keySetDigest: toHex(sha256(keySet)),
    } as const;
    const signInput = (input: Uint8Array): Uint8Array => new Uint8Array(sign(null, input, pair.privateKey));
    return toBase64url(await writeReceipt('cose', claims, { algorithm: 'EdDSA', kid, sign: signInput }));
  };
  const openAndAnswer = async (body: Uint8Array): Promise<Uint8Array> => {
    const keyOf = keys.finder(Date.now());
    const opener = new OhttpRequestOpener(engine, { profile: chunkedOhttpProfile, maxBytes, keyOf });
    const message = concatBytes(...(await opener.push(body)), ...(await opener.end()));
    const { head, content } = decodeBhttpRequest(message, { maxContentBytes: maxBytes });
    const fields = new Map(head.fields);
    const answered = answer({
      method: head.method,
      path: head.path,
      fields,
      body: content,
      keySetDigest: toHex(sha256(keySet)),
    });
    const requestId = fields.get('enclos-request-id') ?? '';
    const receipt = writesReceipts ? { 'enclos-receipt': await receiptOf(requestId, content, answered.body) } : {};
    const named = { ...answered.fields, ...receipt, 'enclos-model-digest': model.digest };
    const responseHead = { status: answered.status ?? 200, fields: Object.entries(named) };
    const sealer = await opener.sealResponse();
    return concatBytes(sealer.head, await sealer.seal(encodeBhttpResponse(responseHead, answered.body), true));
  };

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://kit.test');
      if (url.pathname === '/v1/attestation/report') {
        response.end(await report(fromHex(url.searchParams.get('nonce') ?? '')));
        return;
      }
      const body = await wholeOf(request);
      if (unsealedStatus !== undefined) response.writeHead(unsealedStatus).end();
      else response.setHeader('content-type', chunkedOhttpProfile.responseType).end(await openAndAnswer(body));
    })();
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function wholeOf(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request as AsyncIterable<Uint8Array>) pieces.push(piece);
  return concatBytes(...pieces);
}

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { concatBytes, fromHex, toBase64url, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  KeySet,
  OhttpRequestOpener,
  ReplayWindow,
  acceptSession,
  aeadIds,
  bhttpStream,
  chunkedOhttpProfile,
  decodeBhttpRequest,
  encodeBhttpResponse,
  encodeKeySet,
  kdfIds,
  kemIds,
  requestName,
  sessionIdOf,
  sessionTypes,
  type ServerSession,
  type StreamSealer,
} from '@enclos/hpke';
import { nodeEngine } from '@enclos/hpke/node';
import { modelManifestDigest } from '@enclos/inference-models';
import { signatureKeyOfSpki } from '@enclos/jose';
import {
  indexJson,
  inferResponseBody,
  parseInferRequest,
  readHeaderLength,
  tensorOf,
  valuesOf,
  wholeBody,
} from '@enclos/open-inference';
import {
  inferenceReportData,
  receiptKeyId,
  writeInferenceReport,
  writeReceipt,
  type ReportedModel,
} from '@enclos/receipts';
import type { AcceptedReport, OuterFetch, PresentedReport } from '../src/index.ts';

const engine = nodeEngine();
const maxBytes = 1_048_576;
export const serviceUrl = 'https://models.test';
export const measurement = '11'.repeat(32);
export const modelDigest = '22'.repeat(32);
const served = [{ name: 'adder', version: '1', digest: modelDigest, sizeBytes: 100 }];
export const manifestDigest = await modelManifestDigest({ models: served, catalogueVersion: 3 });
const sessionBinding = { method: 'POST', path: '/v1/session', model: '', modelDigest: new Uint8Array() };
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

interface Asked {
  readonly path: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

interface Answer {
  readonly type: string;
  readonly pieces: readonly Uint8Array[];
  readonly fields?: Readonly<Record<string, string>>;
}

export interface TestService {
  readonly fetch: OuterFetch;
  readonly keys: KeySet;
  nowMs: number;
  /** Requests of each path outside. */
  readonly seen: string[];
  /** Heads and bodies of requests as a host sees them. */
  readonly outside: Uint8Array[];
  readonly opened: Asked[];
  /** What a test changes to have another service. */
  writesReceipts: boolean;
  modelName: string;
  servedDigest: string;
  /** Inside the seal. */
  status: number;
  /** What it lists in its report, whatever its keys say. */
  listed: readonly ReportedModel[];
  catalogueVersion: number;
  /** The evidence of a report, from its report data. */
  quote: (reportData: Uint8Array) => Promise<{ readonly value: Uint8Array; readonly endorsements?: string }>;
  forgetSessions(): void;
  /** A start of the enclave: other keys, and by chance the id of the former key. */
  restart(isIdTheSame?: boolean): Promise<void>;
}

/** An appraiser that takes report data for evidence. */
export async function appraiseTestReport({ evidence, reportData }: PresentedReport): Promise<AcceptedReport> {
  if (!Buffer.from(evidence).equals(reportData)) throw new Error('The evidence is about something else.');
  return { tee: 'sgx', measurement, reportData: toHex(reportData) };
}

const statuses: ReadonlyMap<string, number> = new Map([
  ['HPKE_KEY_STALE', 422],
  ['HPKE_SESSION_GONE', 410],
]);
const suites = [{ kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm }];

/** The wire of the inference service, small and in this process: reports, chunked OHTTP, sessions, receipts. */
export async function openService(): Promise<TestService> {
  const receiptPair = generateKeyPairSync('ed25519');
  const receiptKey = new Uint8Array(receiptPair.publicKey.export({ type: 'spki', format: 'der' }));
  const kid = await receiptKeyId(signatureKeyOfSpki(receiptKey));
  const window = new ReplayWindow();
  const sessions = new Map<string, ServerSession>();
  const newKeys = (): KeySet => new KeySet(engine, { kems: [{ kem: kemIds.x25519, suites }] });
  let keys = newKeys();
  let sequence = 0;
  const service: Omit<TestService, 'keys'> & { keys: KeySet } = {
    keys,
    nowMs: Date.UTC(2026, 0, 1),
    seen: [],
    outside: [],
    opened: [],
    writesReceipts: true,
    modelName: 'adder',
    servedDigest: modelDigest,
    status: 200,
    listed: served,
    catalogueVersion: 3,
    quote: async (value) => ({ value }),
    forgetSessions: () => sessions.clear(),
    async restart(isIdTheSame = false) {
      const idOf = (): number | undefined => keys.published()[0]?.keyId;
      const before = idOf();
      // Ids begin anywhere, so a start that has the former id comes soon.
      do {
        keys = newKeys();
        await keys.refresh(service.nowMs);
      } while ((idOf() === before) !== isIdTheSame);
      service.keys = keys;
      sessions.clear();
    },
    fetch: async (url, init) => {
      const { pathname, searchParams } = new URL(url);
      service.seen.push(`${String(init.method)} ${pathname}`);
      if (pathname === '/v1/attestation/report') return report(searchParams.get('nonce') ?? '');
      const sent = new Request(url, init);
      const body = new Uint8Array(await sent.arrayBuffer());
      service.outside.push(utf8([...sent.headers].join()), body);
      try {
        return await receive(sent.headers.get('content-type') ?? '', body);
      } catch (error) {
        if (!isEnclosError(error)) throw error;
        return new Response(error.code, { status: statuses.get(error.code) ?? 400 });
      }
    },
  };
  const keySetBytes = (): Uint8Array =>
    encodeKeySet({ keys: keys.published(), modelManifestDigest: fromHex(manifestDigest), receiptKey });
  const report = async (nonceHex: string): Promise<Response> => {
    const keySet = keySetBytes();
    const nonce = fromHex(nonceHex);
    const { value, endorsements } = await service.quote(await inferenceReportData(sha256(keySet), nonce));
    const { listed: models, catalogueVersion } = service;
    const shown = { keySet, models, catalogueVersion, evidence: { kind: 'sgx-quote', value }, nonce };
    return new Response(writeInferenceReport(endorsements === undefined ? shown : { ...shown, endorsements }));
  };
  const receive = async (type: string, body: Uint8Array): Promise<Response> => {
    const keyOf = keys.finder(service.nowMs);
    if (type === sessionTypes.open) {
      const limits = { lifetimeMs: 600_000, maxExchanges: 5000 };
      const { session, answer } = await acceptSession(engine, { keyOf, window, nowMs: service.nowMs, ...limits }, body);
      sessions.set(toHex(session.sessionId), session);
      return respond(sessionTypes.opened, [answer]);
    }
    if (type === sessionTypes.request) {
      const session = sessions.get(toHex(sessionIdOf(body)));
      if (session === undefined) return new Response('gone', { status: 410 });
      const exchange = session.receive(sessionBinding, { maxBytes }, service.nowMs);
      const asked = concatBytes(...(await exchange.push(body)), ...(await exchange.end()));
      return respond(sessionTypes.response, await sealed(exchange.sealResponse([256, 1024]), asked));
    }
    const opener = new OhttpRequestOpener(engine, { profile: chunkedOhttpProfile, maxBytes, keyOf });
    const asked = concatBytes(...(await opener.push(body)), ...(await opener.end()));
    window.accept(await requestName(opener.context), service.nowMs, service.nowMs);
    return respond(chunkedOhttpProfile.responseType, await sealed(await opener.sealResponse(), asked));
  };
  const sealed = async (sealer: StreamSealer, message: Uint8Array): Promise<readonly Uint8Array[]> => {
    const { head, content } = decodeBhttpRequest(message, { maxContentBytes: maxBytes });
    const asked = { path: head.path, fields: new Map(head.fields), body: content };
    service.opened.push(asked);
    const answer = answerOf(service, asked);
    const requestId = asked.fields.get('enclos-request-id') ?? '';
    const receiptOf = async (response: Uint8Array): Promise<string> => {
      const claims = {
        issuer: serviceUrl,
        issuedAt: service.nowMs / 1000,
        requestId,
        sequence: sequence++,
        model: 'adder',
        modelVersion: '1',
        modelDigest: service.servedDigest,
        requestDigest: toHex(sha256(content)),
        responseDigest: toHex(sha256(response)),
        tee: 'sgx',
        measurement,
        evidenceDigest: '00'.repeat(32),
        keySetDigest: toHex(sha256(keySetBytes())),
      } as const;
      const signReceipt = (input: Uint8Array): Uint8Array => new Uint8Array(sign(null, input, receiptPair.privateKey));
      return toBase64url(await writeReceipt('cose', claims, { algorithm: 'EdDSA', kid, sign: signReceipt }));
    };
    const whole = concatBytes(...answer.pieces);
    const fields: Record<string, string> = {
      ...answer.fields,
      'content-type': answer.type,
      'enclos-request-id': requestId,
      'enclos-model-digest': service.servedDigest,
    };
    const isStream = answer.type === 'text/event-stream';
    if (service.writesReceipts && !isStream) fields['enclos-receipt'] = await receiptOf(whole);
    const responseHead = { status: service.status, fields: Object.entries(fields) };
    if (!isStream) {
      return [sealer.head, await sealer.seal(encodeBhttpResponse(responseHead, whole, { padTo: 512 }), true)];
    }
    const last = service.writesReceipts ? [utf8(`event: enclos-receipt\ndata: ${await receiptOf(whole)}\n\n`)] : [];
    const messages = [
      bhttpStream.response(responseHead),
      ...[...answer.pieces, ...last].map((piece) => bhttpStream.content(piece)),
      bhttpStream.end(),
    ];
    const chunks: Uint8Array[] = [sealer.head];
    for (const one of messages) chunks.push(await sealer.seal(one, false));
    return [...chunks, await sealer.seal(new Uint8Array(), true)];
  };
  await keys.refresh(service.nowMs);
  return service;
}

function respond(type: string, chunks: readonly Uint8Array[]): Response {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) if (chunk.length > 0) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Response(stream, { headers: { 'content-type': type } });
}

function answerOf(service: Pick<TestService, 'modelName'>, { path, fields, body }: Asked): Answer {
  if (path === '/v2/repository/index') {
    const entries = [{ name: 'adder', version: '1', state: 'READY' as const, reason: '' }];
    return { type: 'application/json', pieces: [utf8(indexJson(entries))] };
  }
  if (path.startsWith('/v2/models/')) {
    const headerLength = readHeaderLength(fields.get('inference-header-content-length'));
    const request = parseInferRequest(body, { headerLength });
    const values = request.inputs.flatMap((input) => [...valuesOf(input, 'FP32')].map((value) => value + 1));
    const outputs = [tensorOf('out', 'FP32', new Float32Array(values), [values.length])];
    const answer = inferResponseBody({ modelName: service.modelName, outputs }, request);
    const length =
      answer.headerLength === undefined ? {} : { 'inference-header-content-length': String(answer.headerLength) };
    return { type: answer.contentType, pieces: [wholeBody(answer)], fields: length };
  }
  const words = ['one', 'two', 'three', '[DONE]'];
  return { type: 'text/event-stream', pieces: words.map((word) => utf8(`data: ${word}\n\n`)) };
}

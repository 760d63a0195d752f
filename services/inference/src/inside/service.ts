import { randomBytes, randomUUID } from 'node:crypto';
import { createAttestedServer } from '@enclos/atls';
import { embeddedFile, identity, listen, log, quoteReportData } from '@enclos/enclave';
import { openCompanions } from '@enclos/enclave/companions';
import { decodeUtf8 } from '@enclos/codec/text';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { KeySet, ReplayWindow, aeadIds, kdfIds, kemIds, type KeySetOptions } from '@enclos/hpke';
import { hasXWing, nodeEngine } from '@enclos/hpke/node';
import { serveHttp } from '@enclos/http';
import { EnginePool } from '@enclos/inference-engine';
import { readModelManifest } from '@enclos/inference-models';
import { createInferenceApi } from '../api/inference-api.ts';
import { createHandler } from '../channels/handler.ts';
import { parseServiceConfiguration } from '../configuration.ts';
import { ModelShelf } from './model-shelf.ts';
import type { ModelParts } from './read-model.ts';
import { ReceiptWriter, createReceiptKey } from './receipts.ts';
import { ReportDesk } from './report.ts';

/** What the service asks of its host. */
export interface ServiceHost {
  readonly modelPart: ModelParts;
  endorsements(): Promise<string>;
}

export interface Service {
  /** For the host's log, as JSON. */
  readonly answer: string;
  counters(): string;
  drain(): Promise<void>;
}

const serverName = 'inference.test';
const version = '0.1.0';
/** Keys are looked after so often. */
const tendMs = 60_000;
/** An enclave has 256 streams. */
const maxConnections = 240;
const suites = [
  { kdf: kdfIds.hkdfSha256, aead: aeadIds.aes256Gcm },
  { kdf: kdfIds.hkdfSha256, aead: aeadIds.chaCha20Poly1305 },
];

/** The hybrid KEM where this interpreter has it, and X25519 for every client. */
function kems(): KeySetOptions['kems'] {
  const azure = { kem: kemIds.p384, suites: [{ kdf: kdfIds.hkdfSha384, aead: aeadIds.aes256Gcm }] };
  return [...(hasXWing() ? [{ kem: kemIds.xWing, suites }] : []), { kem: kemIds.x25519, suites }, azure];
}

/**
 * Loads the models of the measured manifest, and serves them.
 * @throws INFERENCE_CONFIGURATION_INVALID, MODEL_MANIFEST_INVALID, INFERENCE_MODEL_REFUSED, and what engines refuse
 */
export async function startService(host: ServiceHost): Promise<Service> {
  const now = (): Date => new Date();
  const nowMs = (): number => Date.now();
  const configuration = parseServiceConfiguration(decodeUtf8(embeddedFile('service.json')));
  const manifest = readModelManifest(decodeUtf8(embeddedFile('models.json')));
  const pool = new EnginePool({ engines: (events) => openCompanions('engine', events) });
  const { openAi, scoreModel, maxRequestBytes } = configuration;
  const models = new ModelShelf({ pool, manifest, openAi, parts: host.modelPart, now });
  await models.loadAll();
  const keys = new KeySet(nodeEngine(), { kems: kems() });
  await keys.refresh(nowMs());
  const receiptKey = await createReceiptKey();
  const desk = new ReportDesk({
    keys,
    models: manifest.models,
    receiptKey: receiptKey.publicKey,
    quote: quoteReportData,
    endorsements: () => host.endorsements(),
    nowMs,
  });
  await desk.renew();
  const measurement = toHex((await identity()).mrEnclave);
  const receipts = new ReceiptWriter(
    receiptKey.signer,
    () => ({ issuer: serverName, tee: 'sgx', measurement, ...desk.digests }),
    now,
  );
  const service = createHandler({
    api: createInferenceApi({
      models,
      server: { name: 'enclos-inference', version },
      maxInferBytes: maxRequestBytes,
      scoreModel,
      now,
      random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
      newId: randomUUID,
      onFault: logFault,
    }),
    context: { engine: nodeEngine(), keys, window: new ReplayWindow(), nowMs, maxBytes: maxRequestBytes },
    attestAnswer: (request, answer) => receipts.attest(request, answer),
    report: (request) => desk.answer(request),
    onFault: logFault,
  });
  const server = await createAttestedServer({
    name: serverName,
    evidence: async (reportData) => ({
      quote: await quoteReportData(reportData),
      endorsements: await host.endorsements(),
    }),
  });
  const stopping = new AbortController();
  const served = serveHttp(listen('https', { signal: stopping.signal }), {
    ...service,
    secure: server.secure,
    limits: { maxBodyBytes: 2 * maxRequestBytes, maxBodyBytesAtOnce: 8 * maxRequestBytes, maxConnections },
    date: now,
    onError: logFault,
    signal: stopping.signal,
  });
  const timer = setInterval(() => {
    keys
      .refresh(nowMs())
      .then((isOther) => (isOther ? desk.renew() : undefined))
      .catch(logFault);
  }, tendMs);
  return Object.freeze<Service>({
    answer: JSON.stringify({
      models: models.list().map((one) => ({ name: one.name, version: one.version, digest: one.digest })),
    }),
    counters: () => JSON.stringify({ receipts: receipts.written, engines: pool.engines }),
    async drain() {
      clearInterval(timer);
      stopping.abort();
      await served;
      pool.close();
    },
  });
}

/** To the host goes a code of the registry, and no text that could hold something of a request. */
function logFault(error: unknown): void {
  log.warn(`a fault: ${isEnclosError(error) ? error.code : 'unexpected'}`);
  log.debug(() => (error instanceof Error ? String(error.stack) : 'not an error'));
}

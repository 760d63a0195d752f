import { randomBytes, randomUUID } from 'node:crypto';
import { createAttestedServer } from '@enclos/atls';
import { connect, embeddedFile, identity, listen, log, quoteReportData, seal, unseal } from '@enclos/enclave';
import { openCompanions } from '@enclos/enclave/companions';
import { decodeUtf8 } from '@enclos/codec/text';
import { toHex } from '@enclos/codec';
import { every } from '@enclos/bounded';
import { isEnclosError } from '@enclos/errors';
import { KeySet, ReplayWindow, aeadIds, kdfIds, kemIds, type KeySetOptions } from '@enclos/hpke';
import { hasXWing, nodeEngine } from '@enclos/hpke/node';
import { serveHttp, type HttpResponse, type ServeHttpOptions } from '@enclos/http';
import { EnginePool } from '@enclos/inference-engine';
import { modelManifestDigest as digestOfManifest, readModelManifest } from '@enclos/inference-models';
import { tensorLimitsOf } from '../api/tensor-limits.ts';
import { createInferenceApi } from '../api/inference-api.ts';
import { createHandler, type ServiceHandler } from '../channels/handler.ts';
import { clientConnections, parseServiceConfiguration, type ServiceConfiguration } from '../configuration.ts';
import { replicaHeader } from '@enclos/receipts';
import { requestLog } from '../metrics/request-log.ts';
import { ServiceMetrics } from '../metrics/service-metrics.ts';
import { openModels, type ModelHost, type Models, type ModelsOptions } from './models.ts';
import { ReceiptWriter, createReceiptKey, type ServiceClaims } from './receipts.ts';
import { evidenceOf, openReplicas, type Replicas } from './replicas.ts';
import { ReportDesk, type ReportOptions } from './report.ts';

/** What the service asks of its host. */
export interface ServiceHost extends ModelHost {
  endorsements(): Promise<string>;
  /** Where other replicas may be: see the interface. */
  replicas(): Promise<number>;
}

export interface ServiceListeners {
  /** A listener that serves the same without TLS. The service has none: measurements tell by it what TLS and seals cost. */
  readonly withoutTls?: string | undefined;
}

export interface Service {
  /** For the host's log, as JSON. */
  readonly answer: string;
  /** In the text format of Prometheus. */
  counters(): string;
  drain(): Promise<void>;
}

const serviceVersion = '0.1.0';
/** Keys and catalogue are looked after so often. */
const tendMs = 15_000;
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
export async function startService(host: ServiceHost, { withoutTls }: ServiceListeners = {}): Promise<Service> {
  const configuration = parseServiceConfiguration(decodeUtf8(embeddedFile('/service.json')));
  const manifest = readModelManifest(decodeUtf8(embeddedFile('/models.json')));
  const metrics = new ServiceMetrics({ elapsed: () => performance.now() / 1000, log: requestLog(log) });
  const pool = new EnginePool({ engines: (events) => openCompanions('engine', events), observer: metrics });
  const keySetDigest = (): string => desk.digests.keySetDigest;
  // Models are asked for before there are replicas to ask.
  const known: { replicas?: Replicas | undefined } = {};
  const fromReplicas = async (digest: string): Promise<Uint8Array | undefined> => known.replicas?.modelKey(digest);
  const models = await loadModels({ pool, host, manifest, configuration, keySetDigest, fromReplicas });
  const keys = new KeySet(nodeEngine(), { kems: kems() });
  await keys.refresh(nowMs());
  const { desk, receipts } = await openReports(host, { keys, models: () => models.list(), issuer: configuration.name });
  const window = new ReplayWindow();
  const modelManifestDigest = await digestOfManifest(manifest);
  const replicas = await openReplicas({ configuration, keys, modelManifestDigest, host, now, onFault: logFault });
  known.replicas = replicas;
  const handler = handlerOf({ configuration, models, keys, window, desk, receipts, metrics, replicas });
  const stopping = new AbortController();
  const parting = new AbortController();
  const served = await beginToServe(host, { ...handler, configuration, withoutTls, signal: stopping.signal });
  const withReplicas = replicas
    ?.serve({ ...handler, modelKey: (digest) => models.ownersKeyOf(digest) }, parting.signal)
    .catch(logFault);
  const stopTending = every(
    tendMs,
    async () => {
      await keys.refresh(nowMs());
      await models.refresh();
      await desk.renew();
      // After that, so that the evidence vouches for what is served.
      await models.shelf.follow();
    },
    logFault,
  );
  return Object.freeze<Service>({
    answer: JSON.stringify({
      models: models.list().models.map(({ name, version, digest }) => ({ name, version, digest })),
    }),
    counters: () =>
      metrics.render({
        models: pool.models(),
        keyAgeSeconds: (nowMs() - keys.newestMs) / 1000,
        undatedShare: window.undatedShare,
        sessions: handler.sessions(),
        replicas: replicas?.others,
      }),
    async drain() {
      stopTending();
      models.shelf.close();
      stopping.abort();
      await served.ended;
      // Others sent on what has this replica's keys until its last client had an answer.
      parting.abort();
      await withReplicas;
      pool.close();
    },
  });
}

/** Takes the catalogue, if there is one, and loads what is not encrypted. */
async function loadModels(
  options: Pick<ModelsOptions, 'configuration' | 'fromReplicas' | 'host' | 'keySetDigest' | 'manifest' | 'pool'>,
): Promise<Models> {
  const models = openModels({
    ...options,
    sealing: { seal, unseal },
    quote: quoteReportData,
    connect,
    randomBytes: (sizeBytes) => new Uint8Array(randomBytes(sizeBytes)),
    now,
    onFault: logFault,
    onAwaited: ({ name, version }, code) => log.warn(`The model ${name} ${version} waits: ${code}`),
  });
  await models.refresh();
  await models.shelf.loadAll();
  return models;
}

const now = (): Date => new Date();
const nowMs = (): number => Date.now();

/** The evidence about keys and models, and the receipts that it vouches for. */
async function openReports(
  host: ServiceHost,
  { keys, models, issuer }: Pick<ReportOptions, 'keys' | 'models'> & { readonly issuer: string },
): Promise<{ readonly desk: ReportDesk; readonly receipts: ReceiptWriter }> {
  const { publicKey: receiptKey, signer } = await createReceiptKey();
  const endorsements = (): Promise<string> => host.endorsements();
  const desk = new ReportDesk({ keys, models, receiptKey, quote: quoteReportData, endorsements, nowMs });
  await desk.renew();
  const measurement = toHex((await identity()).mrEnclave);
  const claims = (): ServiceClaims => ({ issuer, tee: 'sgx', measurement, ...desk.digests });
  return { desk, receipts: new ReceiptWriter(signer, claims, now) };
}

interface HandlerParts {
  readonly configuration: ServiceConfiguration;
  readonly models: Models;
  readonly keys: KeySet;
  readonly window: ReplayWindow;
  readonly desk: ReportDesk;
  readonly receipts: ReceiptWriter;
  readonly metrics: ServiceMetrics;
  readonly replicas: Replicas | undefined;
}

function handlerOf(parts: HandlerParts): ServiceHandler {
  const { configuration, models, keys, window, desk, receipts, metrics, replicas } = parts;
  const { scoreModel, maxRequestBytes, maxJsonBytes, clientsChangeModels } = configuration;
  return createHandler({
    api: createInferenceApi({
      models: models.shelf,
      modelKeys: {
        challenge: (digest) => models.keys.challenge(digest),
        async supply(digest, text) {
          models.keys.supply(digest, text);
          await models.shelf.loadDigest(digest);
        },
        keySetDigest: () => desk.digests.keySetDigest,
      },
      server: { name: 'enclos-inference', version: serviceVersion },
      clientsChangeModels,
      maxInferBytes: maxRequestBytes,
      tensorLimits: tensorLimitsOf({ maxJsonBytes }),
      scoreModel,
      now,
      random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
      newId: randomUUID,
      onFault: logFault,
    }),
    context: { engine: nodeEngine(), keys, window, nowMs, maxBytes: maxRequestBytes },
    attestAnswer: (request, answer) => receipts.attest(request, answer),
    report: async (request) => named(await desk.answer(request), replicas),
    replicas: replicas?.routing,
    keysRenewed: () => desk.renew(),
    observer: metrics,
    onFault: logFault,
  });
}

/** Says whose report it is, so that a client may name the replica. */
function named(answer: HttpResponse, replicas: Replicas | undefined): HttpResponse {
  if (replicas === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, [replicaHeader]: replicas.replica } };
}

interface ServingParts extends ServiceHandler, ServiceListeners {
  readonly configuration: ServiceConfiguration;
  readonly signal: AbortSignal;
}

/** @returns what settles when the last answer is sent, after the signal */
async function beginToServe(
  host: ServiceHost,
  { configuration, handler, bodyLimit, withoutTls, signal }: ServingParts,
): Promise<{ readonly ended: Promise<unknown> }> {
  const server = await createAttestedServer({
    name: configuration.name,
    // Clients that seal their requests need no more of TLS than any server gives, and those of RA-TLS find the evidence in the certificate.
    acceptRelayableRaTls: true,
    relayableProtocols: ['http/1.1'],
    evidence: evidenceOf(host),
  });
  const { maxRequestBytes } = configuration;
  const serve = (listener: string, secure: ServeHttpOptions['secure']): Promise<void> =>
    serveHttp(listen(listener, { signal }), {
      handler,
      bodyLimit,
      secure,
      limits: {
        maxBodyBytes: 2 * maxRequestBytes,
        maxBodyBytesAtOnce: 8 * maxRequestBytes,
        maxConnections: clientConnections(configuration),
      },
      date: now,
      onError: logFault,
      signal,
    });
  const served = [serve('https', server.secure)];
  if (withoutTls !== undefined) served.push(serve(withoutTls, undefined));
  return { ended: Promise.all(served) };
}

/** To the host goes a code of the registry, and no text that could hold something of a request. */
function logFault(error: unknown): void {
  log.warn(`a fault: ${isEnclosError(error) ? error.code : 'unexpected'}`);
  log.debug(() => (error instanceof Error ? String(error.stack) : 'not an error'));
}

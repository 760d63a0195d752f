import { readFile } from 'node:fs/promises';
import { durable } from '@enclos/durable';
import { openDiskCache } from '@enclos/endorsements/node';
import {
  createMetrics,
  loadEnclave,
  type EnclosLogger,
  type HostEnvironment,
  type Instrumentation,
} from '@enclos/host';
import { attestation } from '../attestation.edl.ts';
import { storeHandlers, type Store } from '@enclos/service/store';
import { openStore, type StoreAddress } from '@enclos/service/stores';
import { hostService, type HostedService } from '@enclos/service/program';
import { openAuditLog, type AuditLog } from '@enclos/service/audit/log';
import type { ServiceOptions } from './command-line.ts';
import { collateralSource, endorsementProvider } from './endorsements.ts';
import { renderCounters } from '@enclos/service/metrics/exposition';

/** The name of the service in its files, tables and metrics. */
const { name } = attestation;

/** What the enclave's `serve` answers. The certificate is the enclave's; whether it is in one is for evidence to say. */
export interface ServiceIdentity {
  /** PEM. */
  readonly certificate: string;
  readonly tenants: readonly { readonly issuer: string; readonly configurationDigest: string }[];
}

export interface RunningService extends HostedService {
  readonly served: ServiceIdentity;
}

export interface RunContext {
  readonly environment: HostEnvironment;
  readonly logger: EnclosLogger;
  /** Observes the calls between host and enclave, beside the metrics: spans of OpenTelemetry, for example. */
  readonly instrumentation?: Instrumentation | undefined;
  /** Aborts when the process is told to end. Only the wait for a store in use hears it: what follows takes seconds. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts the service: store, enclave, listeners. What was started ends again when something cannot be.
 * @throws the reason of the signal when it aborts while the store is waited for
 */
export async function runService(options: ServiceOptions, context: RunContext): Promise<RunningService> {
  const opened: (() => unknown)[] = [];
  try {
    return await start(options, { ...context, opened });
  } catch (error) {
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

function storeAddress(where: string): StoreAddress {
  return /^postgres(?:ql)?:\/\//.test(where) ? { url: where } : { folder: where };
}

/** A pod that is replaced has 30 s to end, and its successor on the same volume starts before that. */
const storePatienceMs = 45_000;
const storeInUse = 'Another process still uses the store: the one that this one replaces, or a second one by mistake.';

interface StartContext extends RunContext {
  /** What has to be closed, in the order of opening. */
  readonly opened: (() => unknown)[];
}

async function start(options: ServiceOptions, context: StartContext): Promise<RunningService> {
  const { logger, opened, signal } = context;
  const configuration = await readFile(options.configuration, 'utf8');
  const audit = openAuditLog(options.audit);
  opened.push(() => audit.close());
  const store = await openStore(storeAddress(options.store), {
    service: name,
    patienceMs: storePatienceMs,
    signal,
    waiting: (folder) => {
      logger.warn({ event: 'store-in-use', folder, waitSeconds: storePatienceMs / 1000 }, storeInUse);
    },
  });
  opened.push(() => store.close());
  const metrics = createMetrics();
  const enclave = await loadServiceEnclave(options, { ...context, store, audit, metrics });
  opened.push(() => enclave.dispose());
  const served = JSON.parse(await enclave.call.serve({ configuration })) as ServiceIdentity;
  await durable.replace(options.certificate, served.certificate, { mode: 0o644 });
  const service = await hostService({
    enclave,
    admin: options.admin,
    metrics: async () => metrics.render() + renderCounters(name, await enclave.call.counters({})),
    drain: () => enclave.call.drain({}),
    async close() {
      for (const close of opened.splice(0).reverse()) await close();
    },
    logger,
  });
  return Object.freeze<RunningService>({ ...service, served });
}

interface EnclaveContext extends RunContext {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly metrics: ReturnType<typeof createMetrics>;
}

async function loadServiceEnclave(options: ServiceOptions, context: EnclaveContext) {
  const { environment, logger, instrumentation, store, audit, metrics } = context;
  const { launcher } = environment;
  const endorsements = endorsementProvider({
    sources: options.collateral.map(collateralSource),
    ownPlatform: () => launcher.endorsements(),
    ...(options.collateralCache === undefined
      ? {}
      : { store: await openDiskCache({ folder: options.collateralCache }) }),
    onFailed: (source, code) => logger.warn({ event: 'endorsements-failed', source, code }, 'A source has no answer.'),
  });
  return loadEnclave({
    ...environment,
    interface: attestation,
    untrusted: {
      ...storeHandlers(store),
      endorsements: ({ request }) => endorsements(request),
      audit: ({ line }) => audit.write(line),
    },
    listen: { https: options.listen },
    ...(options.identityProvider === undefined ? {} : { connect: { 'identity-provider': options.identityProvider } }),
    logger,
    instrumentation: instrumentation === undefined ? metrics : [metrics, instrumentation],
  });
}

import {
  createMetrics,
  loadEnclave,
  type EnclosLogger,
  type HostEnvironment,
  type Instrumentation,
} from '@enclos/host';
import { hostService, type HostedService } from '@enclos/service/program';
import { storeHandlers } from '@enclos/service/store';
import { inference } from '../inference.edl.ts';
import type { ServiceOptions } from './command-line.ts';
import { innerErrorOf } from './inner-error.ts';
import { modelFiles } from './model-files.ts';
import { ReplicaPlaces } from './replica-places.ts';
import { openState } from './state.ts';

export interface RunContext {
  readonly environment: HostEnvironment;
  readonly logger: EnclosLogger;
  /** Observes the calls between host and enclave, beside the metrics. */
  readonly instrumentation?: Instrumentation | undefined;
}

/** Starts the service: enclave, models, listeners. What was started ends again when something cannot be. */
export async function runService(options: ServiceOptions, context: RunContext): Promise<HostedService> {
  const { environment, logger, instrumentation } = context;
  const metrics = createMetrics();
  const files = modelFiles(options.models);
  const state = await openState(options.state);
  const { storeRead, storeWrite } = storeHandlers(state);
  const replicas = replicaPlacesOf(options, logger);
  const enclave = await loadEnclave({
    ...environment,
    interface: inference,
    untrusted: {
      modelPart: (wanted) => files.part(wanted),
      catalogue: () => files.catalogue(),
      storeRead,
      storeWrite,
      endorsements: () => environment.launcher.endorsements(),
      replicas: () => replicas.occupied(),
    },
    listen: { https: options.listen, replicas: options.listenReplicas ?? { host: '127.0.0.1', port: 0 } },
    connect: {
      ...destinationsOf(replicas),
      ...(options.keyBroker === undefined ? {} : { 'key-broker': options.keyBroker }),
      ...(options.attestationService === undefined ? {} : { 'attestation-service': options.attestationService }),
    },
    logger,
    instrumentation: instrumentation === undefined ? metrics : [metrics, instrumentation],
  }).catch(async (error: unknown) => {
    await state.close();
    throw error;
  });
  try {
    const served = await enclave.call.serve({}).catch((error: unknown) => {
      throw files.missing ?? innerErrorOf(error);
    });
    return await hostService({
      enclave,
      admin: options.admin,
      metrics: async () => metrics.render() + (await enclave.call.counters({})),
      drain: () => enclave.call.drain({}),
      async close() {
        await enclave.dispose();
        await state.close();
      },
      logger,
      facts: { served },
    });
  } catch (error) {
    await enclave.dispose();
    await state.close();
    throw error;
  }
}

/** Destinations of enclave.json, `replica-1` and so on. */
const replicaCount = 8;

function replicaPlacesOf({ replicas = [] }: ServiceOptions, logger: EnclosLogger): ReplicaPlaces {
  const unresolved = new Set<string>();
  return new ReplicaPlaces({
    names: replicas,
    count: replicaCount,
    nowMs: () => performance.now(),
    onUnresolved: (host) => {
      if (unresolved.has(host)) return;
      unresolved.add(host);
      logger.warn({ event: 'replicas-unresolved', host }, 'A name of replicas has no address.');
    },
  });
}

function destinationsOf(replicas: ReplicaPlaces) {
  return Object.fromEntries(
    Array.from(
      { length: replicaCount },
      (_, place) => [`replica-${place + 1}`, () => replicas.addressAt(place)] as const,
    ),
  );
}

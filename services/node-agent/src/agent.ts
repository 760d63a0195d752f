import { join } from 'node:path';
import { every } from '@enclos/bounded';
import { toHex } from '@enclos/codec';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { softwareResource } from '@enclos/kubernetes/software-device';
import { startAdminServer } from '@enclos/service/admin';
import { clusterApiServer, createApiClient, type ApiClient, type ApiClientOptions } from '@enclos/service/cluster';
import { createNodeReport } from './api/node-report.ts';
import { createPodEvents, type PodEvents } from './api/pod-events.ts';
import { createHardwarePart, type HardwarePart } from './hardware-part.ts';
import type { Log } from './log.ts';
import { createAgentMetrics, type AgentMetrics } from './metrics.ts';
import type { AgentOptions, ReportOptions } from './options.ts';
import { loadDefinitions, type Definitions } from './plugin/definitions.ts';
import { startDevicePlugin, type DevicePluginOptions, type StartPlugin } from './plugin/device-plugin.ts';
import { registrationEvents } from './plugin/registration-events.ts';
import { holderOf } from './reclaim/pod-resources.ts';
import { createSoftwarePart, type SoftwarePart } from './software-part.ts';

export interface Agent {
  /** Where metrics are served, if anywhere. */
  readonly metricsPort: number | undefined;
  /** SHA-256 of the key of the root that vouches for the node's software platform. */
  readonly rootFingerprint: string | undefined;
  /** Leaves the kubelet, then ends every enclave. */
  close(): Promise<void>;
}

export interface AgentSurroundings {
  readonly log: Log;
  readonly now: () => Date;
}

/**
 * Starts the agent of a node. Devices are registered first, without health, so
 * that the kubelet knows them again soon after a restart; they become healthy
 * when the platform is open.
 * @throws what keeps the software platform from starting; nothing is left running then.
 */
export async function startAgent(options: AgentOptions, { log, now }: AgentSurroundings): Promise<Agent> {
  const parts: { software: SoftwarePart | undefined; hardware: HardwarePart | undefined } = {
    software: undefined,
    hardware: undefined,
  };
  const metrics = createAgentMetrics({
    resources: () => [...(parts.software?.resources ?? []), ...(parts.hardware?.resources ?? [])],
    epc: () => parts.hardware?.epc(),
    isPlatformReady: () => parts.software?.isReady() ?? false,
    collateral: () => parts.software?.collateral(),
    problem: () => parts.software?.problem(),
  });
  const definitions = loadDefinitions();
  const plugin = pluginStarter({ definitions, folder: options.kubeletFolder, log, metrics });
  const client = (): ApiClient => apiClient({ perSecond: 50, burst: 100 });
  const server =
    options.metrics === undefined
      ? undefined
      : await startAdminServer({
          option: '--metrics',
          address: options.metrics,
          unready: () => unreadyReason(parts.software),
          metrics: metrics.render,
        });
  let stopReporting = (): void => undefined;
  const close = async (): Promise<void> => {
    stopReporting();
    await parts.hardware?.close();
    await parts.software?.close();
    await server?.close();
  };
  try {
    if (options.hardware !== undefined) {
      parts.hardware = await createHardwarePart(options.hardware, { log, plugin });
    }
    if (options.software !== undefined) {
      const podEvents = podEventsOf(options, definitions, { log, now });
      const { kubeletFolder } = options;
      const around = { log, metrics, plugin, definitions, kubeletFolder, client, podEvents };
      parts.software = await createSoftwarePart(options.software, around);
      const { software } = parts;
      await software.open(now);
      if (options.report !== undefined) stopReporting = startReporting(options.report, software, { log, now });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const fingerprint = parts.software?.rootFingerprint();
  return Object.freeze({
    metricsPort: server?.port,
    rootFingerprint: fingerprint === undefined ? undefined : toHex(fingerprint),
    close,
  });
}

const reportMs = 5000;

/** @throws SERVICE_CLUSTER_UNREACHABLE outside a cluster */
function startReporting(report: ReportOptions, software: SoftwarePart, { log, now }: AgentSurroundings): () => void {
  const failed = (error: unknown): void => log.warn('report-failed', error);
  const client = apiClient();
  const { report: write } = createNodeReport({ ...report, client, problem: () => software.problem(), now, failed });
  void write();
  return every(reportMs, write, failed);
}

/** @throws SERVICE_CLUSTER_UNREACHABLE outside a cluster */
function podEventsOf(
  { report, software }: AgentOptions,
  definitions: Definitions,
  { log, now }: AgentSurroundings,
): PodEvents | undefined {
  if (report?.podEvents !== true || software === undefined) return undefined;
  const asking = { definitions, socketPath: join(software.podResources, 'kubelet.sock') };
  return createPodEvents({
    client: apiClient(),
    node: report.node,
    holder: (device) => holderOf(softwareResource, device, asking),
    now,
    failed: (error) => log.warn('report-failed', error),
  });
}

/** @throws SERVICE_CLUSTER_UNREACHABLE outside a cluster */
function apiClient(pace?: ApiClientOptions['pace']): ApiClient {
  const server = clusterApiServer(process.env);
  if (server === undefined) {
    throw new EnclosError('SERVICE_CLUSTER_UNREACHABLE', 'No API server is named: KUBERNETES_SERVICE_HOST is not set.');
  }
  return createApiClient({ server, now: () => performance.now(), ...(pace === undefined ? {} : { pace }) });
}

/** For people who ask `/readyz`: nothing of it is secret. */
function unreadyReason(software: SoftwarePart | undefined): string | undefined {
  if (software === undefined) return undefined;
  if (!software.isReady()) return 'the software platform does not serve';
  const problem = software.problem();
  if (isEnclosError(problem)) return `${problem.code}: ${problem.message}`;
  return problem === undefined ? software.collateral()?.unready : 'the software devices do not work';
}

interface PluginSurroundings extends Pick<DevicePluginOptions, 'definitions' | 'folder'> {
  readonly log: Log;
  readonly metrics: AgentMetrics;
}

function pluginStarter({ definitions, folder, log, metrics }: PluginSurroundings): StartPlugin {
  return (resource) => {
    const { name } = resource;
    return startDevicePlugin({
      definitions,
      resource,
      folder,
      allocated(outcome, reason) {
        metrics.allocated(name, outcome);
        if (reason !== undefined) log.warn('allocation-refused', reason, { resource: name });
      },
      events: registrationEvents(name, { resource: name }, { log, metrics }),
    });
  };
}

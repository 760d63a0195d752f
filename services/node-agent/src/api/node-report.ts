import { randomBytes } from 'node:crypto';
import { isEnclosError } from '@enclos/errors';
import type { ApiClient } from './client.ts';

const conditionType = 'EnclosSoftwareSgxReady';
const nodeLabel = 'enclos.dev/software-sgx';

export interface NodeReportOptions {
  readonly client: ApiClient;
  /** The name of the node's object. */
  readonly node: string;
  /** What is reported, as the operator asked. */
  readonly condition: boolean;
  readonly label: boolean;
  readonly events: boolean;
  /** Why the devices do not work; undefined when they do. */
  readonly problem: () => unknown;
  readonly now: () => Date;
  /** Told once for each code until a report went well. */
  readonly failed: (error: unknown) => void;
}

export interface NodeReport {
  /** Writes what has changed, and the condition again every few minutes. Never throws. */
  readonly report: () => Promise<void>;
}

/** A condition is written again after this time, so that `lastHeartbeatTime` shows that the agent lives. */
const heartbeatMs = 5 * 60_000;
/** How long a server is left alone that refused a report. */
const retryMs = 30_000;

/** Tells the cluster whether the devices of this node work, on the object of the node. */
export function createNodeReport(options: NodeReportOptions): NodeReport {
  let written: { readonly code: string; readonly atMs: number; readonly since: string } | undefined;
  let told: string | undefined;
  let retryAtMs = 0;
  const write = async (): Promise<void> => {
    const now = options.now();
    const { code, message } = describe(options.problem());
    const isSame = written?.code === code;
    if (isSame && now.getTime() - (written?.atMs ?? 0) < heartbeatMs) return;
    const at = now.toISOString().replace(/\.\d{3}Z$/, 'Z');
    const since = isSame ? (written?.since ?? at) : at;
    const status = { code, message, at, since, isReady: code === ready };
    if (options.condition) await writeCondition(options, status);
    if (options.label && !isSame) await writeLabel(options, status.isReady);
    // Devices that work from the start are not an event.
    if (options.events && !isSame && (written !== undefined || code !== ready)) await writeEvent(options, status);
    written = { code, atMs: now.getTime(), since };
  };
  return Object.freeze({
    async report() {
      if (options.now().getTime() < retryAtMs) return;
      try {
        await write();
        told = undefined;
      } catch (error) {
        const code = isEnclosError(error) ? error.code : 'unknown';
        if (told !== code) options.failed(error);
        told = code;
        retryAtMs = options.now().getTime() + retryMs;
      }
    },
  });
}

const ready = 'Ready';

interface Status {
  /** A code of the error, or `Ready`: what Kubernetes calls a reason. */
  readonly code: string;
  readonly message: string;
  readonly at: string;
  readonly since: string;
  readonly isReady: boolean;
}

/** Kubernetes takes a reason in letters, digits and underscores, and a message of at most 1024 bytes in an event. */
function describe(problem: unknown): Pick<Status, 'code' | 'message'> {
  if (problem === undefined) return { code: ready, message: 'An enclave can be started.' };
  if (!isEnclosError(problem)) return { code: 'Unknown', message: 'The devices do not work.' };
  return { code: problem.code, message: `${problem.message} ${problem.next}`.slice(0, 512) };
}

async function writeCondition({ client, node }: NodeReportOptions, status: Status): Promise<void> {
  await client.call({
    method: 'PATCH',
    path: `/api/v1/nodes/${encodeURIComponent(node)}/status`,
    // Merges the list by the type of its entries: the conditions of the kubelet stay.
    contentType: 'application/strategic-merge-patch+json',
    body: {
      status: {
        conditions: [
          {
            type: conditionType,
            status: status.isReady ? 'True' : 'False',
            reason: status.code,
            message: status.message,
            lastHeartbeatTime: status.at,
            lastTransitionTime: status.since,
          },
        ],
      },
    },
  });
}

async function writeLabel({ client, node }: NodeReportOptions, isReady: boolean): Promise<void> {
  await client.call({
    method: 'PATCH',
    path: `/api/v1/nodes/${encodeURIComponent(node)}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { labels: { [nodeLabel]: isReady ? 'true' : null } } },
  });
}

async function writeEvent({ client, node }: NodeReportOptions, status: Status): Promise<void> {
  await client.call({
    method: 'POST',
    // Events of objects without a namespace are kept in this one.
    path: '/api/v1/namespaces/default/events',
    body: {
      metadata: { name: `${node}.${randomBytes(8).toString('hex')}`, namespace: 'default' },
      // The kubelet names its node so, and `kubectl describe node` looks for it.
      involvedObject: { kind: 'Node', name: node, uid: node },
      type: status.isReady ? 'Normal' : 'Warning',
      reason: status.code,
      message: status.message,
      source: { component: 'enclos-node-agent', host: node },
      reportingComponent: 'enclos-node-agent',
      reportingInstance: node,
      firstTimestamp: status.at,
      lastTimestamp: status.at,
      count: 1,
    },
  });
}

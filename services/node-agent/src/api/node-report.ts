import { isoSeconds } from '@enclos/codec/json';
import type { ApiClient } from '@enclos/service/cluster';
import { tellOnce } from '../tell-once.ts';
import { textOf, writeEvent, type EventText } from './event.ts';

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
  const failure = tellOnce(options.failed);
  let retryAtMs = 0;
  const write = async (): Promise<void> => {
    const now = options.now();
    const { code, message } = describe(options.problem());
    const isSame = written?.code === code;
    if (isSame && now.getTime() - (written?.atMs ?? 0) < heartbeatMs) return;
    const at = isoSeconds(now.getTime());
    const since = isSame ? (written?.since ?? at) : at;
    const status = { code, message, at, since, isReady: code === ready };
    if (options.condition) await writeCondition(options, status);
    if (options.label && !isSame) await writeLabel(options, status.isReady);
    // Devices that work from the start are not an event.
    if (options.events && !isSame && (written !== undefined || code !== ready)) await writeNodeEvent(options, status);
    written = { code, atMs: now.getTime(), since };
  };
  return Object.freeze({
    async report() {
      if (options.now().getTime() < retryAtMs) return;
      try {
        await write();
        failure.over();
      } catch (error) {
        failure.failed(error);
        retryAtMs = options.now().getTime() + retryMs;
      }
    },
  });
}

const ready = 'Ready';

interface Status extends EventText {
  readonly at: string;
  readonly since: string;
  readonly isReady: boolean;
}

function describe(problem: unknown): EventText {
  return problem === undefined ? { code: ready, message: 'An enclave can be started.' } : textOf(problem);
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

async function writeNodeEvent({ client, node, now }: NodeReportOptions, status: Status): Promise<void> {
  await writeEvent(client, {
    ...status,
    // The kubelet names its node so, and `kubectl describe node` looks for it.
    about: { kind: 'Node', name: node, uid: node },
    namespace: 'default',
    node,
    isWarning: !status.isReady,
    now: now(),
  });
}

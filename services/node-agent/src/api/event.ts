import { randomBytes } from 'node:crypto';
import { isoSeconds } from '@enclos/codec/json';
import { isEnclosError } from '@enclos/errors';
import type { ApiClient } from '@enclos/service/cluster';

/** What Kubernetes shows as reason and message. */
export interface EventText {
  /** A code, of letters, digits and underscores. */
  readonly code: string;
  /** At most 512 characters: an event takes 1024 bytes. */
  readonly message: string;
}

/** The code of an error, what happened, and what to do. */
export function textOf(error: unknown): EventText {
  if (!isEnclosError(error)) return { code: 'Unknown', message: 'The devices do not work.' };
  return { code: error.code, message: `${error.message} ${error.next}`.slice(0, 512) };
}

export interface NewEvent extends EventText {
  /** The object that it is about. */
  readonly about: Readonly<Record<string, string>>;
  /** Events are kept in that of their object; those of objects without one are in `default`. */
  readonly namespace: string;
  /** The name of the node that reports it. */
  readonly node: string;
  readonly isWarning: boolean;
  readonly now: Date;
}

const component = 'enclos-node-agent';

/** @throws SERVICE_CLUSTER_UNREACHABLE, SERVICE_CLUSTER_REFUSED */
export async function writeEvent(client: ApiClient, event: NewEvent): Promise<void> {
  const { about, namespace, node, code, message, isWarning, now } = event;
  // Seconds are all that the API takes.
  const at = isoSeconds(now.getTime());
  await client.call({
    method: 'POST',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
    body: {
      metadata: { name: `${component}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: about,
      type: isWarning ? 'Warning' : 'Normal',
      reason: code,
      message,
      source: { component, host: node },
      reportingComponent: component,
      reportingInstance: node,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    },
  });
}

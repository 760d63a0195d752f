import { BoundedMap } from '@enclos/bounded';
import type { ApiClient } from '@enclos/service/cluster';
import { tellOnce } from '../tell-once.ts';
import { textOf, writeEvent } from './event.ts';

/** A pod, as its kubelet names it. */
export interface PodName {
  readonly name: string;
  readonly namespace: string;
}

/** What the agent did not give to a process of a pod. */
export interface Refusal {
  /** The device, as the kubelet knows it. */
  readonly device: string;
  /** The UID of the pod of the process; undefined when its cgroups do not tell. */
  readonly podUid: string | undefined;
  readonly error: unknown;
}

export interface PodEventsOptions {
  readonly client: ApiClient;
  /** The name of the node's object. */
  readonly node: string;
  /** The pod that has a device now. */
  readonly holder: (device: string) => Promise<PodName | undefined>;
  readonly now: () => Date;
  /** Told once for each code until an event was written. */
  readonly failed: (error: unknown) => void;
}

export interface PodEvents {
  /** Writes an event to the pod. Never throws, and does not wait. */
  readonly refused: (refusal: Refusal) => void;
}

/** A process can be refused again and again: a pod gets one event for each code in this time. */
const sameMs = 10 * 60_000;
/** Events for all pods of the node together. */
const perMinute = 20;
const maxKnown = 1024;

/** Tells the owners of pods why their enclaves do not start: they may not read the log of the agent. */
export function createPodEvents({ client, node, holder, now, failed }: PodEventsOptions): PodEvents {
  const written = new BoundedMap<number>(maxKnown);
  let minute = { number: 0, events: 0 };
  const failure = tellOnce(failed);
  const isDue = (key: string, atMs: number): boolean => {
    if (atMs - (written.get(key) ?? Number.NEGATIVE_INFINITY) < sameMs) return false;
    const number = Math.floor(atMs / 60_000);
    if (minute.number !== number) minute = { number, events: 0 };
    if (minute.events >= perMinute) return false;
    minute.events += 1;
    written.set(key, atMs);
    return true;
  };
  const write = async ({ device, podUid, error }: Refusal): Promise<void> => {
    const pod = await holder(device);
    if (pod === undefined) return;
    const about = { apiVersion: 'v1', kind: 'Pod', ...pod, ...(podUid === undefined ? {} : { uid: podUid }) };
    await writeEvent(client, {
      ...textOf(error),
      about,
      namespace: pod.namespace,
      node,
      isWarning: true,
      now: now(),
    });
    failure.over();
  };
  return Object.freeze({
    refused(refusal: Refusal) {
      const key = `${refusal.device}/${refusal.podUid ?? ''}/${textOf(refusal.error).code}`;
      if (!isDue(key, now().getTime())) return;
      void write(refusal).catch((error: unknown) => {
        written.delete(key);
        failure.failed(error);
      });
    },
  });
}

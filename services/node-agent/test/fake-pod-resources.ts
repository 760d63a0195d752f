import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js';
import type { Definitions } from '../src/plugin/definitions.ts';
import type { PodList } from '../src/reclaim/pod-resources.ts';

/** The kubelet's pod resources API, as far as the agent asks it. */
export interface FakePodResources {
  /** What pods have now: devices of a resource. The pod of the agent itself is listed as well, until `lists` says otherwise. */
  has(resource: string, ...deviceIds: readonly string[]): void;
  /** Any answer; undefined: none at all, ever. */
  lists(list: PodList | undefined): void;
  /** How many times it was asked. */
  asked(): number;
  close(): void;
}

/** A pod with one container, which has these devices. */
export function pod(name: string, resource = '', ...deviceIds: readonly string[]): PodList['pod_resources'][number] {
  const devices = deviceIds.length === 0 ? [] : [{ resource_name: resource, device_ids: [...deviceIds] }];
  return { name, namespace: 'default', containers: [{ name: 'main', devices }] };
}

const own = pod(hostname());

export async function startFakePodResources(definitions: Definitions, folder: string): Promise<FakePodResources> {
  await mkdir(folder, { recursive: true });
  let answer: PodList | undefined = { pod_resources: [own] };
  let asked = 0;
  const list: handleUnaryCall<object, PodList> = (_call, send) => {
    asked += 1;
    if (answer !== undefined) send(null, answer);
  };
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  server.addService(definitions.podResources, { List: list });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${join(folder, 'kubelet.sock')}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  return Object.freeze({
    has: (resource: string, ...deviceIds: readonly string[]) =>
      void (answer = { pod_resources: [own, pod('vault', resource, ...deviceIds)] }),
    lists: (list_: PodList | undefined) => void (answer = list_),
    asked: () => asked,
    close: () => server.forceShutdown(),
  });
}

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadDraDefinitions } from '../../src/dra/definitions.ts';
import type { ClaimReference, PluginInfo, PrepareResponse, RegistrationStatus } from '../../src/dra/messages.ts';

/** A driver as the kubelet has it. */
export interface KnownDriver {
  readonly info: PluginInfo;
  readonly prepare: (...claims: readonly ClaimReference[]) => Promise<PrepareResponse>;
  readonly unprepare: (...claims: readonly ClaimReference[]) => Promise<PrepareResponse>;
}

export interface DraKubelet {
  /** Every time that it registered a driver. */
  readonly registrations: readonly string[];
  /** Resolves when a driver is registered. */
  readonly driver: () => Promise<KnownDriver>;
  readonly stop: () => Promise<void>;
}

export interface DraKubeletOptions {
  /** Of the kubelet. */
  readonly root: string;
  /** Why it does not want a driver. */
  readonly refuses?: string;
}

const definitions = loadDraDefinitions();

/** Looks for sockets of drivers as the plugin watcher of the kubelet does, and registers each that is new. */
export function startDraKubelet({ root, refuses }: DraKubeletOptions): DraKubelet {
  const folder = join(root, 'plugins_registry');
  const registrations: string[] = [];
  const seen = new Map<string, string>();
  let known: KnownDriver | undefined;
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sock'));
    for (const name of [...seen.keys()].filter((one) => !names.includes(one))) {
      seen.delete(name);
      known = undefined;
    }
    for (const name of names) {
      const path = join(folder, name);
      const identity = await stat(path).then(
        ({ ino, ctimeMs }) => `${ino} ${ctimeMs}`,
        () => undefined,
      );
      if (identity === undefined || seen.get(name) === identity) continue;
      seen.set(name, identity);
      const registering = await registerAt(path, refuses).catch(() => undefined);
      // One that cannot be asked yet is asked again, as the kubelet does.
      if (registering === undefined) seen.delete(name);
      else registrations.push(registering.info.name);
      known = refuses === undefined ? registering : undefined;
    }
  };
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await look();
      await pause(20);
    }
  })();
  return {
    registrations,
    async driver() {
      for (let tries = 0; tries < 500; tries += 1) {
        if (known !== undefined) return known;
        await pause(20);
      }
      throw new Error('No driver has registered.');
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

async function registerAt(path: string, refuses: string | undefined): Promise<KnownDriver> {
  const info = await callAt<object, PluginInfo>(path, definitions.registration, 'GetInfo', {});
  const status: RegistrationStatus = { plugin_registered: refuses === undefined, error: refuses ?? '' };
  await callAt(path, definitions.registration, 'NotifyRegistrationStatus', status);
  return {
    info,
    prepare: (...claims) => callAt(info.endpoint, definitions.plugin, 'NodePrepareResources', { claims }),
    unprepare: (...claims) => callAt(info.endpoint, definitions.plugin, 'NodeUnprepareResources', { claims }),
  };
}

/** One call over a new connection. */
export function callAt<Q extends object, A>(
  path: string,
  service: ServiceDefinition,
  name: string,
  request: Q,
): Promise<A> {
  const method = service[name];
  if (method === undefined) throw new Error(`The API has no ${name}.`);
  const client = new Client(`unix:${path}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  return new Promise<A>((resolve, reject) => {
    const deadline = Date.now() + 10_000;
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline },
      (error, answer) => {
        client.close();
        if (error === null) resolve(answer as A);
        else reject(error);
      },
    );
  });
}

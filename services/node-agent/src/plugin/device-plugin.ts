import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '@enclos/durable';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { Definitions } from './definitions.ts';
import { servePlugin, type PluginServerOptions } from './plugin-server.ts';
import type { SocketServer } from '../grpc/socket-server.ts';
import type { RegistrationEvents } from './registration-events.ts';
import { register } from './registration.ts';
import type { Resource } from './resource.ts';

export interface DevicePluginOptions extends Pick<PluginServerOptions, 'allocated' | 'answerMs'> {
  readonly definitions: Definitions;
  readonly resource: Resource;
  /** The kubelet's folder of sockets: /var/lib/kubelet/device-plugins. */
  readonly folder: string;
  readonly events: RegistrationEvents;
  /** How often it looks whether the sockets are there and the same. */
  readonly pollMs?: number;
  /** How long it leaves a kubelet alone that refused it. Another kubelet is asked at once. */
  readonly refusedPauseMs?: number;
}

export interface DevicePlugin {
  /** Resolves when it has tried for the first time, however that went. */
  readonly tried: Promise<void>;
  close(): Promise<void>;
}

/** Starts the plugin of a resource, with everything else settled. */
export type StartPlugin = (resource: Resource) => DevicePlugin;

const registerTimeoutMs = 5000;

/**
 * Keeps a resource registered for as long as it is open: it waits for a kubelet, and registers again when the kubelet
 * was restarted, which wipes the folder. The sockets are looked at rather than watched: a watch of a folder that is
 * removed and made again says nothing any more.
 */
export function startDevicePlugin(options: DevicePluginOptions): DevicePlugin {
  const { events, pollMs = 250 } = options;
  const stop = new AbortController();
  const membership = createMembership(options);
  const keep = (): Promise<void> => membership.keep().catch(events.failed);
  const tried = keep();
  const run = async (): Promise<void> => {
    await tried;
    while (!stop.signal.aborted) {
      await pause(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (!stop.signal.aborted) await keep();
    }
    membership.leave();
  };
  const running = run();
  return Object.freeze({
    tried,
    close() {
      stop.abort();
      return running;
    },
  });
}

interface Membership {
  /** Does nothing while the kubelet knows the plugin. @throws AGENT_KUBELET_REFUSED, AGENT_SOCKET_IN_USE */
  keep(): Promise<void>;
  leave(): void;
}

function createMembership(options: DevicePluginOptions): Membership {
  const { definitions, resource, folder, events, refusedPauseMs = 10_000 } = options;
  const endpoint = `enclos-${resource.name.replaceAll(/[^a-z0-9]+/g, '-')}.sock`;
  const socketPath = join(folder, endpoint);
  const kubeletSocket = join(folder, 'kubelet.sock');
  const target = { definitions, kubeletSocket, endpoint, resourceName: resource.name, timeoutMs: registerTimeoutMs };
  let server: SocketServer | undefined;
  /** Both sockets as they were when the kubelet took the plugin. */
  let joined: string | undefined;
  let refusal: { readonly kubelet: string; readonly until: number } | undefined;

  const sockets = async (): Promise<string | undefined> => {
    const both = await Promise.all([identityOf(socketPath), identityOf(kubeletSocket)]);
    return both.includes(undefined) ? undefined : both.join(' ');
  };
  const leave = (): void => {
    if (joined !== undefined) events.lost();
    joined = undefined;
    server?.close();
    server = undefined;
  };
  return Object.freeze({
    async keep() {
      if (joined !== undefined && joined === (await sockets())) return;
      leave();
      const kubelet = await identityOf(kubeletSocket);
      if (kubelet === undefined) return;
      if (refusal !== undefined && refusal.kubelet === kubelet && performance.now() < refusal.until) return;
      server = await servePlugin({ ...options, socketPath });
      try {
        // Before the kubelet is asked: one that is restarted meanwhile shows as another one then.
        const present = await sockets();
        if (!(await register(target))) return leave();
        joined = present;
      } catch (error) {
        leave();
        if (isEnclosError(error, 'AGENT_KUBELET_REFUSED')) {
          refusal = { kubelet, until: performance.now() + refusedPauseMs };
        }
        throw error;
      }
      if (joined !== undefined) events.registered();
    },
    leave,
  });
}

/** Tells a file from another one that has its name, even where numbers of files are used again. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { ino, ctimeMs } = await stat(path);
    return `${ino}-${ctimeMs}`;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw new EnclosError('AGENT_FOLDER_REFUSED', `${path} cannot be looked at.`, { cause: error });
  }
}

import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { AuditFacts } from '../audit/platform-audit.ts';
import { isListening } from '../is-listening.ts';
import { separatedHosts, singleHost, type Host } from './host.ts';
import { serveHost } from './host-session.ts';
import { listenPrivately } from './listen-privately.ts';
import type { PlatformServices } from './services.ts';

/** Where one host connects. */
export interface HostSocket {
  readonly path: string;
  /** The only user, beside root, who can; undefined in single-user mode: the user of the platform. */
  readonly user: number | undefined;
}

export interface PlatformServer {
  /** Of the first host. */
  readonly socketPath: string;
  /** One for each host: who can connect there is that host. */
  readonly sockets: readonly HostSocket[];
  /** Ends every enclave and removes the sockets. */
  close(): Promise<void>;
}

/** Far above what one machine's hosts need; it bounds what a host that only connects can hold. */
const maxConnections = 256;

/**
 * Listens for hosts: on `platform.sock` in the runtime folder, or on the given
 * path; on a separated platform on `host-UID.sock` for each host user, in the
 * runtime folder of all platforms, so that a host finds it again.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function servePlatform(services: PlatformServices, socketPath?: string): Promise<PlatformServer> {
  const { separated } = services;
  const hosts = separated === undefined ? [singleHost()] : separatedHosts(separated);
  const pathOf = ({ user }: Host): string =>
    separated === undefined || user === undefined
      ? (socketPath ?? join(services.runtimeFolder.path, 'platform.sock'))
      : join(separated.runtimeFolder, `host-${user}.sock`);
  const listeners: Listener[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map(async (listener) => listener.close()));
    await services.audit?.close();
    await services.runtimeFolder.remove();
  };
  try {
    // Before any host connects: a platform that cannot say that it starts does not start.
    await services.audit?.started(startFacts(services));
    for (const host of hosts) {
      if (separated !== undefined) await clearSocket(pathOf(host));
      listeners.push(await listenFor(host, { services, path: pathOf(host), share: hosts.length }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const sockets = hosts.map((host) => Object.freeze({ path: pathOf(host), user: host.user }));
  return Object.freeze({ socketPath: sockets[0]?.path ?? '', sockets: Object.freeze(sockets), close });
}

interface Listener {
  close(): Promise<void>;
}

async function listenFor(
  host: Host,
  { services, path, share }: { services: PlatformServices; path: string; share: number },
): Promise<Listener> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveHost(services, socket, host);
  });
  server.maxConnections = Math.floor(maxConnections / share);
  // Accepting fails for want of descriptors; the hosts that are there must not lose their enclaves over it.
  server.on('error', () => undefined);
  await listenPrivately(server, path, host.user);
  return { close: async () => closeServer(server, connections) };
}

function closeServer(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of connections) socket.destroy();
  });
}

function startFacts({ separation, cpuSvn, rootFingerprint, interpreter, isolation }: PlatformServices): AuditFacts {
  return {
    separation,
    cpuSvn: toHex(cpuSvn),
    rootFingerprint: toHex(rootFingerprint),
    interpreterVersion: interpreter.version,
    isolationMissing: isolation.layers
      .filter(({ active }) => !active)
      .map(({ name }) => name)
      .join(' '),
  };
}

/** A killed platform leaves its sockets. @throws PLATFORM_SOCKET_REFUSED when somebody answers there. */
async function clearSocket(path: string): Promise<void> {
  if (await isListening(path)) {
    throw new EnclosError('PLATFORM_SOCKET_REFUSED', `A platform listens at ${path} already.`);
  }
  await rm(path, { force: true });
}

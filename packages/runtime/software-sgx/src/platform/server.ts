import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { AuditFacts } from '../platform-audit.ts';
import { isListening } from '@enclos/tee/unix-socket';
import { clearGates, hostSocketName, type HostFolder } from './host-folder.ts';
import { createHostListeners, type HostListeners, type HostListening } from './host-listeners.ts';
import { separatedHosts, singleHost, type Host } from './host.ts';
import type { PlatformServices } from './services.ts';

/** Where one host connects. */
export interface HostSocket {
  readonly path: string;
  /** The only user, besides root, that can connect; undefined in single-user mode: the platform's user. */
  readonly user: number | undefined;
}

/** A host that is known by the folders that it is given. Folders come and go; the host's part of the platform stays. */
export interface FolderHost {
  /**
   * Listens at `platform.sock` in a folder. Sockets that a killed platform left there are removed.
   * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED, and the error of the file system for a folder that does not exist
   */
  listen(folder: HostFolder): Promise<HostListening>;
}

export interface PlatformServer {
  /** The socket of the first host; empty when no host has its own socket. */
  readonly socketPath: string;
  /** One for each host user: a process that can connect there is that host. */
  readonly sockets: readonly HostSocket[];
  /** As many as `folderHosts` of the separation says. */
  readonly folderHosts: readonly FolderHost[];
  /** Ends every enclave and removes the sockets. */
  close(): Promise<void>;
}

/** Far above what the hosts of one machine need; it bounds what a host that only connects can hold. */
const maxConnections = 256;
/** The minimum for each host, however many there are. */
const minConnections = 8;

/**
 * Listens for hosts: on `platform.sock` in the runtime folder, or on the given
 * path; on a separated platform on `host-UID.sock` for each host user, in the
 * runtime folder of all platforms, so that a host finds it again.
 * @throws PLATFORM_SOCKET_REFUSED, PLATFORM_STORAGE_FAILED
 */
export async function servePlatform(services: PlatformServices, socketPath?: string): Promise<PlatformServer> {
  const { separated } = services;
  const { users, folderHosts } =
    separated === undefined ? { users: [singleHost()], folderHosts: [] } : separatedHosts(separated);
  const pathOf = ({ user }: Host): string =>
    separated === undefined || user === undefined
      ? (socketPath ?? join(services.runtimeFolder.path, hostSocketName))
      : join(separated.runtimeFolder, `host-${user}.sock`);
  const share = Math.max(minConnections, Math.floor(maxConnections / (users.length + folderHosts.length)));
  const all: HostListeners[] = [];
  const listenersOf = (host: Host): HostListeners => {
    const listeners = createHostListeners(services, host, share);
    all.push(listeners);
    return listeners;
  };
  const close = async (): Promise<void> => {
    await Promise.all(all.map(async (listeners) => listeners.close()));
    await services.audit?.close();
    await services.runtimeFolder.remove();
  };
  try {
    // Before any host connects: a platform that cannot record its start does not start.
    await services.audit?.started(startFacts(services));
    for (const host of users) {
      if (separated !== undefined) await clearSocket(pathOf(host));
      await listenersOf(host).listen(pathOf(host));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const sockets = users.map((host) => Object.freeze({ path: pathOf(host), user: host.user }));
  return Object.freeze({
    socketPath: sockets[0]?.path ?? '',
    sockets: Object.freeze(sockets),
    folderHosts: Object.freeze(folderHosts.map((host) => folderHost(listenersOf(host)))),
    close,
  });
}

function folderHost(listeners: HostListeners): FolderHost {
  return Object.freeze({
    async listen(folder: HostFolder) {
      const path = join(folder.path, hostSocketName);
      await clearSocket(path);
      await clearGates(folder);
      return listeners.listen(path, folder);
    },
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

/** Removes the socket of a killed platform. @throws PLATFORM_SOCKET_REFUSED when a process answers there. */
async function clearSocket(path: string): Promise<void> {
  if (await isListening(path)) {
    throw new EnclosError('PLATFORM_SOCKET_REFUSED', `A platform listens at ${path} already.`);
  }
  await rm(path, { force: true });
}

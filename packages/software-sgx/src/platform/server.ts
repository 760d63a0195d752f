import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { toHex } from '@enclos/codec';
import type { AuditFacts } from '../audit/platform-audit.ts';
import { storageFailed } from '../storage-error.ts';
import { createAdmission } from './admission.ts';
import { serveHost } from './host-session.ts';
import type { PlatformServices } from './services.ts';

export interface PlatformServer {
  readonly socketPath: string;
  /** Ends every enclave and removes the sockets. */
  close(): Promise<void>;
}

/** Far above what one machine's hosts need; it bounds what a host that only connects can hold. */
const maxConnections = 256;

/** Listens for hosts on `platform.sock` in the runtime folder, or on the given path. @throws PLATFORM_STORAGE_FAILED */
export async function servePlatform(
  services: PlatformServices,
  socketPath = join(services.runtimeFolder.path, 'platform.sock'),
): Promise<PlatformServer> {
  const connections = new Set<Socket>();
  const admission = createAdmission();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveHost(services, socket, admission);
  });
  server.maxConnections = maxConnections;
  // Accepting fails for want of descriptors; the hosts that are there must not lose their enclaves over it.
  server.on('error', () => undefined);
  try {
    // Before any host connects: a platform that cannot say that it starts does not start.
    await services.audit?.started(startFacts(services));
    await listen(server, socketPath);
    await chmod(socketPath, 0o600);
  } catch (error) {
    server.close();
    await services.audit?.close();
    await services.runtimeFolder.remove();
    throw storageFailed(socketPath, error);
  }
  return Object.freeze({
    socketPath,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
      await services.audit?.close();
      await services.runtimeFolder.remove();
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

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

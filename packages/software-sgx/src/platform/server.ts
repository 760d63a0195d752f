import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHost } from './host-session.ts';
import type { PlatformServices } from './services.ts';

export interface PlatformServer {
  readonly socketPath: string;
  /** Ends every enclave and removes the sockets. */
  close(): Promise<void>;
}

/** The folder for this process's sockets: readable by this user only. */
export async function createRuntimeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-'));
  await chmod(folder, 0o700);
  return folder;
}

/** Listens for hosts on `platform.sock` in the runtime folder, or on the given path. */
export async function servePlatform(
  services: PlatformServices,
  socketPath = join(services.runtimeFolder, 'platform.sock'),
): Promise<PlatformServer> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveHost(services, socket);
  });
  await listen(server, socketPath);
  await chmod(socketPath, 0o600);
  return Object.freeze({
    socketPath,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
      await rm(services.runtimeFolder, { recursive: true, force: true });
    },
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

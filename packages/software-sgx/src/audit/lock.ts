import { unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { isListening } from '../is-listening.ts';

/** unix(7): sun_path without its zero byte. */
const maxSocketPathBytes = 107;

/**
 * Takes a log for this process: a socket beside it, on which somebody listens
 * for as long as the process lives. Two processes that find a dead one's socket
 * at the same moment may both go on; the writer notices, because then the file
 * grows by itself.
 * @returns what gives it back.
 * @throws PLATFORM_AUDIT_BUSY
 */
export async function lockAudit(path: string): Promise<() => Promise<void>> {
  const socketPath = `${path}.lock`;
  if (Buffer.byteLength(socketPath) > maxSocketPathBytes) {
    throw new EnclosError(
      'PLATFORM_AUDIT_FAILED',
      `The path of an audit log has at most ${maxSocketPathBytes - 5} bytes.`,
    );
  }
  if (await isListening(socketPath)) throw new EnclosError('PLATFORM_AUDIT_BUSY', `Another process writes ${path}.`);
  await unlink(socketPath).catch(() => undefined);
  const server = createServer((socket) => socket.destroy());
  await listen(server, socketPath);
  server.on('error', () => undefined);
  server.unref();
  // Unlinks the socket too.
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const isBusy = cause.code === 'EADDRINUSE';
      reject(new EnclosError(isBusy ? 'PLATFORM_AUDIT_BUSY' : 'PLATFORM_AUDIT_FAILED', undefined, { cause }));
    });
    server.listen(path, resolve);
  });
}

import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { EnclosError } from '@enclos/errors';
import { listenOnSocket, maxSocketNameBytes, socketStateAt } from '../unix-socket.ts';

/**
 * Takes a log for this process: a socket beside it, on which the process listens
 * for as long as it lives. Two processes that find the socket of a dead one
 * at the same moment may both go on; the writer notices, because the file then
 * grows without it.
 * @returns a function that releases the log.
 * @throws PLATFORM_AUDIT_BUSY, PLATFORM_AUDIT_FAILED
 */
export async function lockAudit(path: string): Promise<() => Promise<void>> {
  const socketPath = join(dirname(path), lockName(basename(path)));
  const state = await socketStateAt(socketPath);
  if (state === 'answers') throw new EnclosError('PLATFORM_AUDIT_BUSY', `Another process writes ${path}.`);
  await unlink(socketPath).catch(() => undefined);
  const server = createServer((socket) => socket.destroy());
  await listenOnSocket(server, socketPath).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EADDRINUSE') throw new EnclosError('PLATFORM_AUDIT_BUSY', undefined, { cause });
    const text = `The audit log ${path} cannot be locked: ${cause.message}.`;
    throw new EnclosError('PLATFORM_AUDIT_FAILED', text, { cause });
  });
  server.on('error', () => undefined);
  server.unref();
  // Unlinks the socket too.
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** The name of a file may be longer than that of a socket can be. A long name is replaced by its hash. */
function lockName(name: string): string {
  const plain = `${name}.lock`;
  if (Buffer.byteLength(plain) <= maxSocketNameBytes) return plain;
  return `.${createHash('sha256').update(name).digest('hex').slice(0, 32)}.lock`;
}

import { randomBytes } from 'node:crypto';
import { lstat, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { stateError } from '../state/errors.ts';

/** unix(7): sun_path without its zero byte. */
const maximumPathBytes = 107;
const lockName = 'lock';
/** How the names begin that a process which was killed in the middle may leave. */
export const unfinishedLock = `${lockName}.`;

export interface FolderLock {
  /** @throws ATTESTATION_STORE_REFUSED when another process has taken the folder all the same. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a folder for this process: a socket in it, on which somebody listens for as long as the process lives. A killed
 * process leaves the socket and nobody behind it. Two that find such a one at the same moment both put theirs in its place;
 * the one whose socket is not there any more learns it from `check`, before its next write.
 *
 * @throws ATTESTATION_STORE_REFUSED when a living process has it.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  const making = join(folder, `${unfinishedLock}${randomBytes(4).toString('hex')}`);
  if (Buffer.byteLength(making) > maximumPathBytes) {
    refuse(`The path of the store's folder is longer than ${maximumPathBytes - 14} bytes: ${folder}.`);
  }
  if (await isListening(path)) refuse(`Another process uses the store in ${folder}.`);
  const server = createServer((socket) => socket.destroy());
  await listen(server, making);
  const { ino } = await lstat(making);
  await rename(making, path);
  const isOurs = async (): Promise<boolean> => (await lstat(path).catch(() => undefined))?.ino === ino;
  return {
    async check() {
      if (!(await isOurs())) refuse(`Another process has taken the store in ${folder}.`);
    },
    async release() {
      if (await isOurs()) await unlink(path);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(stateError('ATTESTATION_STORE_UNAVAILABLE', { cause })));
    server.listen(path, () => {
      server.unref();
      resolve();
    });
  });
}

/** Only "nobody is there" means that nobody is there: a process that is too busy to answer is one. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ENOENT' && code !== 'ECONNREFUSED'));
  });
}

function refuse(message: string): never {
  throw stateError('ATTESTATION_STORE_REFUSED', { message });
}

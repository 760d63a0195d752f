import { randomBytes } from 'node:crypto';
import { lstat, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { untilAborted } from '@enclos/bounded';
import { durable } from '@enclos/durable';
import { listenOnSocket, socketStateAt } from '@enclos/tee/unix-socket';
import { EnclosError } from '@enclos/errors';
import '../errors.ts';

const lockName = 'lock';
/** How the names begin that a process which was killed in the middle may leave. */
export const unfinishedLock = `${lockName}.`;

export interface FolderLock {
  /** @throws SERVICE_STORE_REFUSED when another process has taken the folder all the same. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** For a process that may be about to end, such as a pod that is replaced on its node. */
export interface LockPatience {
  /** How long to wait for the other process. Default: 0. */
  readonly patienceMs?: number | undefined;
  /** Called once, when there is another process and it is waited for. */
  readonly waiting?: ((folder: string) => void) | undefined;
  /** Ends the wait: the process that waits is told to end. */
  readonly signal?: AbortSignal | undefined;
}

const lookAgainMs = 200;

/**
 * Takes a folder for this process: a socket in it, on which the process listens for as long as it lives. A killed process
 * leaves a socket on which nothing listens. Two that find such a socket at the same moment both put theirs in its place;
 * the one whose socket is not there any more learns it from `check`, before its next write.
 *
 * @throws SERVICE_STORE_REFUSED when a living process has it, and keeps it for longer than it is waited for.
 * @throws the reason of the signal when it aborts during the wait.
 */
export async function lockFolder(folder: string, patience: LockPatience = {}): Promise<FolderLock> {
  const path = join(folder, lockName);
  const making = join(folder, `${unfinishedLock}${randomBytes(4).toString('hex')}`);
  await untilFree(folder, path, patience);
  const server = createServer((socket) => socket.destroy());
  await listenOnSocket(server, making).catch((cause: unknown) => {
    throw new EnclosError('SERVICE_STORE_UNAVAILABLE', undefined, { cause });
  });
  server.unref();
  const { ino } = await lstat(making);
  await durable.move(making, path);
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

async function untilFree(folder: string, path: string, patience: LockPatience): Promise<void> {
  const { patienceMs = 0, waiting, signal } = patience;
  const giveUpAt = performance.now() + patienceMs;
  for (let looks = 0; await isListening(path); looks += 1) {
    if (performance.now() >= giveUpAt) {
      const waited = patienceMs === 0 ? '' : `, and still does after ${patienceMs / 1000} s`;
      refuse(`Another process uses the store in ${folder}${waited}.`);
    }
    if (looks === 0) waiting?.(folder);
    const look = wait(lookAgainMs);
    await (signal === undefined ? look : untilAborted(signal, look));
  }
}

/** A process that is too busy to answer is there, and so may be one that cannot be asked. */
async function isListening(path: string): Promise<boolean> {
  const state = await socketStateAt(path);
  return state === 'answers' || state === 'unknown';
}

function refuse(message: string): never {
  throw new EnclosError('SERVICE_STORE_REFUSED', message);
}

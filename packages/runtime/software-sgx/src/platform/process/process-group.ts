import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';

/** How long a wrapper may take to report the end of its enclave. */
const leaveMs = 1000;

/**
 * Kills the process, but first lets a wrapper report why the enclave ended by itself. The end of the channel shows that it did,
 * and may come in this turn of the event loop, because the host sees the end of its gate just as early.
 */
export function leave(child: ChildProcess, channel: Duplex): void {
  const kill = (): void => killGroup(child);
  setImmediate(() => {
    if (!hasEnded(channel)) return kill();
    const timer = setTimeout(kill, leaveMs).unref();
    child.once('close', () => clearTimeout(timer));
  });
}

/**
 * Wrappers and enclave are one process group. A wrapper that is killed alone while it starts can leave a child that has not yet
 * asked to die with it (prctl(2), PR_SET_PDEATHSIG), and so waits for ever.
 */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // No process of the group is left.
  }
}

/** Whether the other side ended the channel, in order or with unread data. */
function hasEnded({ readableEnded, errored }: Duplex): boolean {
  return readableEnded || (errored !== null && 'code' in errored && errored.code === 'ECONNRESET');
}

/** One of the `pipe` descriptors of a child. @throws ENCLAVE_START_FAILED when the process could not be made */
export function descriptor(child: ChildProcess, index: number): Duplex {
  const stream = child.stdio[index];
  if (stream === null || stream === undefined) {
    throw new EnclosError('ENCLAVE_START_FAILED', 'The enclave process could not be made.');
  }
  // `pipe` descriptors of a child are socket pairs, which Node types by the widest reading.
  return stream as Duplex;
}

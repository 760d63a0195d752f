import { readdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { isGateName } from './gate-listener.ts';

/**
 * A folder of sockets that is handed to a host, as by a mount. Whoever can reach it is the host, whatever user they are,
 * so what is above it must be closed to everybody else.
 */
export interface HostFolder {
  /** As the platform sees it. Root's, and nobody else's to write in. */
  readonly path: string;
  /** As the host sees it: the paths that it is told begin with this. */
  readonly seenAs: string;
  /**
   * Finds out who has connected, before a byte of theirs is read. Rejecting refuses the connection.
   * @param connection paused, and not to be read.
   */
  readonly caller?: (connection: Socket) => Promise<Caller>;
}

/** What a platform has to know of a caller beside what the folder says. */
export interface Caller {
  /** The folder of the cgroup (version 2) that its enclaves belong to; undefined: that of the platform. */
  readonly cgroup?: string | undefined;
}

export const hostSocketName = 'platform.sock';

/** Removes the gates that a killed platform left. */
export async function clearGates({ path }: HostFolder): Promise<void> {
  const names = (await readdir(path)).filter(isGateName);
  for (const name of names) await rm(join(path, name), { force: true });
}

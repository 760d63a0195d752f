import { readdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { isGateName } from './gate-listener.ts';
import type { SocketAccess } from './listen-privately.ts';

/**
 * A folder of sockets that is handed to a host, for example by a mount. Any process that can reach it counts as the host,
 * whatever its user, so the folders above must be closed to all others.
 */
export interface HostFolder {
  /** The path as the platform sees it. It belongs to root, and no other user may write in it. */
  readonly path: string;
  /** The path as the host sees it: the paths that the host is given begin with this. */
  readonly seenAs: string;
  /**
   * Identifies the caller before any byte from it is read. Rejecting refuses the connection.
   * @param connection paused, and not to be read.
   */
  readonly caller?: (connection: Socket) => Promise<Caller>;
  /** Called when an image or an enclave is refused to a caller, before the caller is told. It must not throw. */
  readonly refused?: ((caller: Caller, error: unknown) => void) | undefined;
}

/** What a platform has to know about a caller besides its folder. */
export interface Caller {
  /**
   * The folders of the cgroups that its enclaves enter: one with version 2, one for each hierarchy with version 1. Without any,
   * they stay in those of the platform.
   */
  readonly cgroups?: readonly string[];
}

export const hostSocketName = 'platform.sock';

/** Removes the gates that a killed platform left. */
export async function clearGates({ path }: HostFolder): Promise<void> {
  const names = (await readdir(path)).filter(isGateName);
  for (const name of names) await rm(join(path, name), { force: true });
}

/** Where a host finds the gates of its enclaves. */
export interface GatePlace {
  readonly folder: string;
  readonly access: SocketAccess | undefined;
  /** The host's name for a path in that folder. */
  readonly seen: (path: string) => string;
}

/** @param runtimeFolder of the platform, for a host that is not known by its folders */
export function gatePlace(
  { runtimeFolder }: { readonly runtimeFolder: { readonly path: string } },
  { folder, user }: { readonly folder?: HostFolder | undefined; readonly user: number | undefined },
): GatePlace {
  if (folder === undefined) return { folder: runtimeFolder.path, access: user, seen: (path) => path };
  return { folder: folder.path, access: 'by-folder', seen: (path) => join(folder.seenAs, basename(path)) };
}

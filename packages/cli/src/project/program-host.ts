import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultHost } from './options.ts';

/** A host program: where it is, and its name there. */
export interface HostSource {
  readonly folder: string;
  readonly source: string;
  /** Whether it is that of the project. */
  readonly isOwn: boolean;
}

/**
 * The host program of a project: its own or, for a program without functions to call that brings none, the one of `program-host`.
 * @param runsAlone whether the enclave is such a program
 */
export async function findHost(folder: string, source: string, runsAlone: boolean): Promise<HostSource> {
  const own = { folder, source, isOwn: true };
  if (!runsAlone || source !== defaultHost) return own;
  if ((await stat(join(folder, source)).catch(() => undefined)) !== undefined) return own;
  const path = fileURLToPath(new URL('../program-host/main.js', import.meta.url));
  return { folder: dirname(path), source: basename(path), isOwn: false };
}

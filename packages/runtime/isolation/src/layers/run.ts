import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** A file that a wrapper reads from a descriptor, not by its path. */
export interface InheritedFile {
  readonly path: string;
  readonly descriptor: number;
}

/** Runs a command with an empty environment. @returns its output, or undefined when it failed. */
export type Run = (command: string, args: readonly string[], inherited?: InheritedFile) => string | undefined;

export const runCommand: Run = (command, args, inherited) => {
  return withOpened(inherited, (file) => {
    const between = Array.from({ length: (inherited?.descriptor ?? 3) - 3 }, () => 'ignore' as const);
    const result = spawnSync(command, [...args], {
      encoding: 'utf8',
      timeout: 10_000,
      // Empty, as for the enclave, so that an enclave finds the same commands that were tried here.
      env: {},
      stdio: ['ignore', 'pipe', 'ignore', ...between, ...file],
    });
    return result.status === 0 ? result.stdout : undefined;
  });
};

/**
 * Opens the file for one child. Children that share one descriptor would share its offset, and every child but the first would
 * read nothing.
 * @param use gets its descriptor as the last of a list of descriptors, which is empty where there is no file.
 */
export function withOpened<T>(inherited: InheritedFile | undefined, use: (file: readonly number[]) => T): T {
  const file = inherited === undefined ? [] : [openSync(inherited.path, 'r')];
  try {
    return use(file);
  } finally {
    for (const descriptor of file) closeSync(descriptor);
  }
}

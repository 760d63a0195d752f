import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { emptyOpensslConfiguration } from '../interpreter/interpreter-flags.ts';
import { interpreterFiles } from './plan.ts';
import type { Run } from './run.ts';

/** Where bubblewrap reads the system call filter: behind the descriptors of the enclave. It closes it. */
export const filterDescriptor = 7;

/**
 * An empty root with what these programs open bound into it, each file under the
 * name that is asked for, since links are not there. Read-only at last: it lives
 * in memory, which nothing else bounds. Ends where the first program begins.
 */
export function bubblewrapView(programs: readonly string[], starterPath: string, run: Run): readonly string[] {
  const opened = programs.flatMap((path) => {
    const { runnable, readable } = interpreterFiles(path, run);
    return [...runnable, ...readable];
  });
  // The starter needs no library.
  const files = [...new Set([...opened, starterPath])].filter((path) => path !== emptyOpensslConfiguration);
  return [
    ...foldersOf([...files, emptyOpensslConfiguration]).flatMap((path) => ['--dir', path]),
    ...files.flatMap((path) => ['--ro-bind', existing(path), path]),
    '--dev-bind',
    emptyOpensslConfiguration,
    emptyOpensslConfiguration,
    '--remount-ro',
    '/',
    '--chdir',
    '/',
    '--seccomp',
    String(filterDescriptor),
    '--',
  ];
}

/** Without links, as bubblewrap binds it; what is not there it says itself. */
function existing(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** All folders above these, the outer ones first. Those that bubblewrap makes by itself no other user can pass through. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = dirname(path); at !== '/'; at = dirname(at)) folders.add(at);
  }
  return [...folders].sort();
}

import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { emptyOpensslConfiguration } from '@enclos/loader';
import { interpreterFiles } from './plan.ts';
import type { Run } from './run.ts';

/**
 * The descriptor from which bubblewrap reads the system call filter: the first after those of the enclave. bubblewrap closes
 * it.
 */
export const filterDescriptor = 7;

/** Everything that these programs open, with the starter, which needs no library. */
export function openedFiles(programs: readonly string[], starterPath: string, run: Run): readonly string[] {
  const opened = programs.flatMap((path) => {
    const { runnable, readable } = interpreterFiles(path, run);
    return [...runnable, ...readable];
  });
  return [...new Set([...opened, starterPath])];
}

/**
 * An empty root into which files are bound, each under the name that programs ask for, because the root has no links. It is made
 * read-only at the end: it lives in memory, which nothing else bounds. The words end where the first program begins.
 */
export function bubblewrapView(opened: readonly string[]): readonly string[] {
  const files = opened.filter((path) => path !== emptyOpensslConfiguration);
  const device = opened.includes(emptyOpensslConfiguration) ? [emptyOpensslConfiguration] : [];
  return [
    ...foldersOf([...files, ...device]).flatMap((path) => ['--dir', path]),
    ...files.flatMap((path) => ['--ro-bind', existing(path), path]),
    ...device.flatMap((path) => ['--dev-bind', path, path]),
    '--remount-ro',
    '/',
    '--chdir',
    '/',
    '--seccomp',
    String(filterDescriptor),
    '--',
  ];
}

/** The path without links, as bubblewrap binds it. bubblewrap itself reports a path that does not exist. */
function existing(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** All folders above these, the outer ones first. No other user can pass through folders that bubblewrap makes by itself. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = dirname(path); at !== '/'; at = dirname(at)) folders.add(at);
  }
  return [...folders].sort();
}

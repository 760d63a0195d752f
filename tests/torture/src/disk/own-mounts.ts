import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { Options, Tally } from '../program.ts';

const insideVariable = 'TORTURE_OWN_MOUNTS';

/** What gives a process mounts of its own, which are gone with it: as root, or where users may make namespaces. */
const wrappers: readonly (readonly string[])[] = [
  ['--mount', '--propagation', 'private'],
  ['--user', '--map-root-user', '--mount', '--propagation', 'private'],
];

/**
 * Runs a program of this package where it may mount. Outside it runs the same
 * command again, inside; where nobody may mount, it is skipped.
 * @returns true inside: go on.
 */
export async function insideOwnMounts(name: string, { seed }: Options, tally: Tally): Promise<boolean> {
  if (process.env[insideVariable] === '1') return true;
  const works = (flags: readonly string[]): boolean =>
    spawnSync('unshare', [...flags, '--', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  const flags = wrappers.find(works);
  if (flags === undefined) {
    tally.skip(`${name}: this user may not mount, neither here nor in a namespace`);
    return false;
  }
  const main = process.argv[1] ?? '';
  const child = spawn('unshare', [...flags, '--', process.execPath, main, name, '--seed', String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [insideVariable]: '1' },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(child, 'close');
  const lines = text.trimEnd().split('\n');
  // The first line is the header again, the last one the totals, which become ours.
  const totals = /^(\d+) passed, (\d+) failed/.exec(lines.at(-1) ?? '');
  for (const line of lines.slice(1, -1)) {
    if (line.startsWith('FAIL ')) tally.fail(line.slice(5));
    else process.stdout.write(`${line}\n`);
  }
  for (let i = 0; i < Number(totals?.[1] ?? 0); i++) tally.pass();
  if (totals === null) tally.fail(`${name} ended without its totals`);
  return false;
}

/** A file system of its own, whose size is what matters about it. */
export interface SmallDisk {
  readonly path: string;
  resize(limits: DiskLimits): void;
  readOnly(isReadOnly: boolean): void;
  close(): void;
}

export interface DiskLimits {
  /** Of 4 KiB, for the content of files. */
  readonly pages: number;
  /** Names, for files, folders and sockets. The root takes one. */
  readonly inodes?: number;
}

const plenty = 10_000;

/** Mounts a tmpfs (tmpfs(5)). */
export function mountDisk(path: string, limits: DiskLimits): SmallDisk {
  mkdirSync(path, { recursive: true });
  mount('-t', 'tmpfs', '-o', optionsOf(limits), 'none', path);
  return {
    path,
    resize: (changed) => remount(optionsOf(changed), path),
    readOnly: (isReadOnly) => remount(isReadOnly ? 'ro' : 'rw', path),
    close: () => void spawnSync('umount', ['--lazy', path]),
  };
}

function optionsOf({ pages, inodes = plenty }: DiskLimits): string {
  // Zero would mean no limit (tmpfs(5)).
  return `size=${Math.max(1, pages) * 4096},nr_inodes=${inodes},mode=700`;
}

/** With these options alone: the present ones name users of outside, who have no number in a namespace (mount(8)). */
function remount(options: string, path: string): void {
  mount('-t', 'tmpfs', '--options-mode', 'ignore', '-o', `remount,${options}`, 'none', path);
}

function mount(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr.trim()}`);
}

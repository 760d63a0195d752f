import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateKey } from '@enclos/build';
import type { Io } from '@enclos/cli-frame';
import { runCli } from '../src/index.ts';

/** The time of every command of these tests. */
export const now = new Date('2026-06-01T12:00:00Z');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** The same, as it was written. */
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
  /** Standard output, which must be one JSON value. */
  json(): Record<string, unknown>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Io['env'];
  readonly stdin?: Iterable<Uint8Array>;
  readonly isTTY?: boolean;
  readonly color?: boolean;
  readonly now?: () => Date;
  readonly onSignal?: Io['onSignal'];
  readonly onOutput?: (text: string) => void;
}

async function* chunks(given: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* given;
}

/** Runs a command line in this process. */
export async function enclos(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { isTTY = false, color = false, onOutput } = options;
  const pieces: { readonly stdout: Uint8Array[]; readonly stderr: Uint8Array[] } = { stdout: [], stderr: [] };
  const stream = (name: keyof typeof pieces) => ({
    write(output: string | Uint8Array) {
      const piece = Buffer.from(output);
      pieces[name].push(piece);
      onOutput?.(String(piece));
    },
    isTTY,
    color,
  });
  const code = await runCli(argv, {
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdin: chunks(options.stdin ?? []),
    cwd: options.cwd ?? tmpdir(),
    env: options.env ?? {},
    now: options.now ?? (() => now),
    children: 'pipe',
    onSignal: options.onSignal ?? (() => () => undefined),
  });
  const [stdoutBytes, stderr] = [Buffer.concat(pieces.stdout), String(Buffer.concat(pieces.stderr))];
  const stdout = String(stdoutBytes);
  return { code, stdout, stdoutBytes, stderr, json: () => JSON.parse(stdout) as Record<string, unknown> };
}

/** Output that has one JSON object a line. */
export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The part of an error that programs read. */
export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly diagnostics?: readonly Readonly<Record<string, unknown>>[];
}

export function errorOf(ran: Ran): ErrorJson {
  return ran.json()['error'] as ErrorJson;
}

const base = mkdtempSync(join(tmpdir(), 'enclos-cli-'));
process.once('exit', () => rmSync(base, { recursive: true, force: true }));

/** A folder that is removed at the end of the process: hooks of the runner may come before a later file is loaded. */
export function temporaryFolder(): string {
  return mkdtempSync(join(base, 'folder-'));
}

// From packages/cli/dist/test.
export const repository = fileURLToPath(new URL('../../../..', import.meta.url));

/** A new project whose packages are those of this repository. */
export async function newProject(name = 'greeter', options: readonly string[] = []): Promise<string> {
  const parent = temporaryFolder();
  const ran = await enclos(['new', name, ...options], { cwd: parent });
  if (ran.code !== 0) throw new Error(ran.stderr);
  const folder = join(parent, name);
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

let key: string | undefined;

/** One signing key for all tests of a process: making one takes about a second. */
export function signingKey(): string {
  key ??= generateKey();
  return key;
}

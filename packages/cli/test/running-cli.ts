import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { enclos, repository, type Ran, type RunOptions } from './cli.ts';

/** The command as a user runs it: another process, with pipes. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** All that it wrote, to both streams, since it was last forgotten. */
  text(): string;
  forget(): void;
  /** Resolves with the match as soon as there is one. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface StartOptions {
  readonly cwd: string;
  /** XDG_STATE_HOME. */
  readonly state: string;
  /** Further variables. */
  readonly env?: NodeJS.ProcessEnv;
}

const bin = join(repository, 'packages/cli/bin/enclos.js');
const longMs = 60_000;

export function startCli(argv: readonly string[], { cwd, state, env }: StartOptions): RunningCli {
  const child = spawn(process.execPath, [bin, ...argv], {
    cwd,
    env: { ...process.env, ...env, XDG_STATE_HOME: state },
  });
  let text = '';
  let over = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => (text += more));
  }
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    over = true;
    return typeof code === 'number' ? code : null;
  });
  return {
    child,
    ended,
    text: () => text,
    forget: () => void (text = ''),
    until: (pattern) => matchIn(pattern, () => ({ text, over })),
  };
}

/** Waits for a match in a text that grows. @throws Error when there is none in time, or when the text has ended. */
async function matchIn(
  pattern: RegExp,
  look: () => { readonly text: string; readonly over: boolean },
): Promise<RegExpExecArray> {
  const deadline = performance.now() + longMs;
  for (;;) {
    const { text, over } = look();
    const found = pattern.exec(text);
    if (found !== null) return found;
    if (over || performance.now() > deadline) throw new Error(`No ${pattern.source} in:\n${text}`);
    await sleep(20);
  }
}

/** A command in this process that runs until a signal. */
export interface CliHere extends Pick<RunningCli, 'text' | 'until'> {
  readonly ended: Promise<Ran>;
  /** Sends it SIGTERM. */
  stop(): void;
}

export function startHere(argv: readonly string[], options: RunOptions): CliHere {
  let text = '';
  let over = false;
  let stop = (): void => undefined;
  const ended = enclos(argv, {
    ...options,
    onOutput: (more) => (text += more),
    onSignal(handler) {
      stop = () => handler('SIGTERM');
      return () => undefined;
    },
  }).finally(() => (over = true));
  return {
    ended,
    text: () => text,
    stop: () => stop(),
    until: (pattern) => matchIn(pattern, () => ({ text, over })),
  };
}

/** `enclos platform serve`, once it says that it is ready. */
export async function startServing(argv: readonly string[], cwd: string): Promise<CliHere> {
  const served = startHere(['platform', 'serve', ...argv], { cwd });
  await served.until(/isolation {2,}.*\n/);
  return served;
}

/** @throws Error when it does not hold in time. */
export async function waitUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + longMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not in time: ${what}.`);
    await sleep(20);
  }
}

export function isRunning(processId: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Children of every thread; none when the process is gone. */
export function childrenOf(processId: number): readonly number[] {
  try {
    return readdirSync(`/proc/${processId}/task`).flatMap((thread) =>
      readFileSync(`/proc/${processId}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Children, their children, and so on. */
export function descendantsOf(processId: number): readonly number[] {
  return childrenOf(processId).flatMap((child) => [child, ...descendantsOf(child)]);
}

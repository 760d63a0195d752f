import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';

/** What a program left when it ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves with the match as soon as the output has one. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface StartOptions {
  readonly cwd: string;
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program as a user does: another process, with pipes. */
export function startProgram([command = '', ...args]: readonly string[], { cwd, env }: StartOptions): Running {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
  const text = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (more: string) => {
      text[name] += more;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = once(child, 'close').then(([code]: unknown[]): Ran => ({
    code: typeof code === 'number' ? code : null,
    ...text,
  }));
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(text.stdout);
        if (found === null) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
      void ended.then(({ stderr }) => reject(new Error(`It ended before ${pattern.source}: ${stderr}`)));
    });
  return { child, ended, until };
}

/** How much of what a child said is kept for the error. */
const lastWords = 4096;

/**
 * Waits until a child has printed a text on its standard output, or anything at all. A child that ends before it has, or
 * that cannot be started, is not waited for: this rejects with what it said.
 */
export function saidBy(child: ChildProcess, wanted = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    let complaints = '';
    const take = (chunk: Buffer | string): void => {
      said = (said + String(chunk)).slice(-Math.max(lastWords, 2 * wanted.length));
      if (said.includes(wanted)) end(resolve);
    };
    const complain = (chunk: Buffer | string): void =>
      void (complaints = (complaints + String(chunk)).slice(-lastWords));
    const fail = (how: unknown): void => {
      end(() =>
        reject(new Error(`It ended before it said ${wanted || 'anything'}: ${String(how)}. ${said}${complaints}`)),
      );
    };
    const closed = (code: number | null, signal: string | null): void =>
      fail(signal ?? `exit code ${code ?? 'unknown'}`);
    const end = (settle: () => void): void => {
      child.stdout?.off('data', take);
      child.stderr?.off('data', complain);
      child.off('close', closed).off('error', fail);
      settle();
    };
    if (child.exitCode !== null || child.signalCode !== null) return closed(child.exitCode, child.signalCode);
    child.stdout?.on('data', take);
    child.stderr?.on('data', complain);
    child.once('close', closed).once('error', fail);
  });
}

/** What a test needs of the machine. */
export interface TestNeed {
  /** Why the machine does not have it; undefined when it does. */
  readonly absence: string | undefined;
  /** What the error in CI says of the absence. */
  readonly failure: (absence: string) => string;
}

/** A test that needs programs. Where these are not, it is skipped, visibly and counted; in CI that fails. */
export function testWithPrograms(
  name: string,
  { absence, failure }: TestNeed,
  body: (t: TestContext) => Promise<void> | void,
): void {
  if (absence === undefined) return void test(name, body);
  if (process.env['CI'] === undefined) return void test(name, { skip: absence }, () => undefined);
  void test(name, () => {
    throw new Error(failure(absence));
  });
}

/**
 * Sends a signal to a process that was looked for. A search that found none must not become 0, which is the caller and its whole group
 * (kill(2)).
 * @throws Error without a process.
 */
export function signalTo(processId: number | undefined, signal: NodeJS.Signals): void {
  if (processId === undefined || processId < 1) throw new Error(`No process was found that could get ${signal}.`);
  process.kill(processId, signal);
}

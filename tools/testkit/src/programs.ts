import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

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

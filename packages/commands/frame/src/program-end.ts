import { constants } from 'node:os';
import type { Io } from './output/io.ts';

/** An enclave that is a program, as far as its end goes: a `RunningProgram` of `@enclos/host`. */
export interface EndingProgram {
  /** Never rejects. */
  readonly exited: Promise<{ readonly exitCode: number | undefined; readonly detail: string }>;
  dispose(): Promise<unknown>;
}

/**
 * Waits until a program has ended. A signal to this process ends it.
 * @param complain gets a sentence about its end, unless that was 0 or by a signal to this process
 * @returns its exit code, as shells have it: 128 and the number of the signal after one, 1 where none is known
 */
export async function endOfProgram(
  program: EndingProgram,
  { onSignal, complain }: Pick<Io, 'onSignal'> & { readonly complain: (detail: string) => void },
): Promise<number> {
  let endedBy: NodeJS.Signals | undefined;
  const stop = onSignal((signal) => {
    endedBy = signal;
    void program.dispose();
  });
  const { exitCode = 1, detail } = await program.exited.finally(stop);
  if (endedBy !== undefined) return 128 + constants.signals[endedBy];
  if (exitCode !== 0) complain(detail);
  return exitCode;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How often a program that npm started looks for its parent. */
const lookMs = 250;

/**
 * The `onSignal` of this process. Under `npx` the end of the parent counts as SIGTERM: npm hands the signal to a shell, which ends of it and leaves
 * what it started running.
 */
export function onProcessSignal(handler: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of forwarded) process.on(signal, handler);
  const stopLooking = process.env['npm_command'] === 'exec' ? onParentEnd(() => handler('SIGTERM')) : () => undefined;
  return () => {
    stopLooking();
    for (const signal of forwarded) process.off(signal, handler);
  };
}

function onParentEnd(handler: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    handler();
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

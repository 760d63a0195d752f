import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { beatDescriptor, beatMs, beatVariable } from './beat.ts';

export interface WatchdogOptions {
  /** The program to watch, and its arguments. It calls `startBeating`. */
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Called with the milliseconds of its silence before a process that hangs is killed. */
  readonly stuck: (silentMs: number) => void;
  /** How long it may say nothing. */
  readonly silenceMs?: number;
  /** How long it may say nothing before it has ever said anything. */
  readonly startMs?: number;
}

/** Together with the interval of the looks below 10 seconds, the bound that the docs state. */
const defaultSilenceMs = 8000;
const defaultStartMs = 60_000;
const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** How a watched process ended. */
export type WatchedEnd = { readonly by: 'itself'; readonly exitCode: number } | { readonly by: 'watchdog' };

/**
 * Runs a program as a child, and kills it when it stops reporting. The kubelet, say, waits for an answer of a plugin without a
 * deadline, in the loop that serves all pods of the node: a plugin that hangs freezes the node, and one that is dead does not. The watchdog
 * is a process and not a thread because a stopped process (SIGSTOP) stops all its threads.
 *
 * Signals that end the program are passed on. Silence is counted in looks and not by a clock: when the whole node
 * was suspended, the watchdog was too.
 * @throws Error when the program cannot be started.
 */
export async function watch(options: WatchdogOptions): Promise<WatchedEnd> {
  const { environment, stuck, silenceMs = defaultSilenceMs, startMs = defaultStartMs } = options;
  const [program = '', ...words] = options.command;
  const child = spawn(program, words, {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...environment, [beatVariable]: `${beatDescriptor}` },
    // A terminal sends its signals to a whole group: the agent would get each of them twice.
    detached: true,
  });
  const pass = forwarded.map((signal) => {
    const listener = (): void => void child.kill(signal);
    process.on(signal, listener);
    return (): void => void process.off(signal, listener);
  });
  let isStuck = false;
  const stopLooking = look(child, { silenceMs, startMs }, (forMs) => {
    isStuck = true;
    stuck(forMs);
    child.kill('SIGKILL');
  });
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => child.pid === undefined && reject(error));
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    return isStuck ? { by: 'watchdog' } : { by: 'itself', exitCode };
  } finally {
    stopLooking();
    for (const end of pass) end();
    // Processes that the child has left may still hold the other end.
    child.stdio[beatDescriptor]?.destroy();
  }
}

function look(
  child: ChildProcess,
  { silenceMs, startMs }: { readonly silenceMs: number; readonly startMs: number },
  silent: (forMs: number) => void,
): () => void {
  let missedMs = 0;
  let limitMs = startMs;
  child.stdio[beatDescriptor]?.on('data', () => {
    missedMs = 0;
    limitMs = silenceMs;
  });
  // A child that ends while it is read from; its end is told by `exit`.
  child.stdio[beatDescriptor]?.on('error', () => undefined);
  const timer = setInterval(() => {
    missedMs += beatMs;
    if (missedMs < limitMs) return;
    clearInterval(timer);
    silent(missedMs);
  }, beatMs);
  return () => clearInterval(timer);
}

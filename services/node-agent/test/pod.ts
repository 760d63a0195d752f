import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ContainerAllocation } from '../src/plugin/messages.ts';

/** A container, as far as it matters here: its own mounts and processes, and the user and cgroup that it is told. */
export interface Pod {
  /** What came of it, or the code that it was refused with. */
  attempt(what: string, ...args: readonly string[]): Promise<unknown>;
  /** The same, for what has to go well. */
  does(what: string, ...args: readonly string[]): Promise<unknown>;
  /** A call that is expected to fail, and when it did. */
  fails(what: string, ...args: readonly string[]): Promise<{ readonly refused: string; readonly at: number }>;
  end(): Promise<void>;
}

export interface PodOptions {
  readonly allocation: ContainerAllocation;
  readonly user: number;
  readonly imagePath: string;
  readonly signaturePath: string;
  /** The folders of its cgroups, where there are some. */
  readonly cgroups?: readonly string[] | undefined;
}

const program = fileURLToPath(new URL('./pod.program.js', import.meta.url));

/** $0 the folder, $1 where it is mounted, $2 the cgroups, if any, with spaces between; then the program. */
const script = `
  set -e
  for cgroup in $2; do echo 0 > "$cgroup/cgroup.procs"; done
  mount -t tmpfs none /run
  mkdir -p "$1"
  mount --bind "$0" "$1"
  mount -o remount,bind,ro "$1"
  shift 2
  exec "$@"
`;

/** Starts a pod with what the kubelet would give it, and nothing else of the device. */
export function startPod({ allocation, user, imagePath, signaturePath, cgroups = [] }: PodOptions): Pod {
  const [mount] = allocation.mounts ?? [];
  if (mount === undefined || !mount.read_only) throw new Error('The allocation has no read-only mount.');
  const words = [
    '--mount --pid --fork --mount-proc --kill-child=SIGKILL --'.split(' '),
    ['sh', '-c', script, mount.host_path, mount.container_path, cgroups.join(' ')],
    [process.execPath, program, `${user}`, imagePath, signaturePath],
  ].flat();
  const child = spawn('unshare', words, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...allocation.envs, PATH: process.env['PATH'] },
  });
  return podOf(child);
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly refused?: string;
  readonly at?: number;
}

function podOf(child: ChildProcess): Pod {
  const waiting = new Map<number, (answer: Answer) => void>();
  child.setMaxListeners(0);
  let last = 0;
  if (child.stdout === null) throw new Error('The pod has no output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
  });
  const order = (what: string, args: readonly string[]): Promise<Answer> => {
    const id = ++last;
    child.stdin?.write(`${JSON.stringify({ id, what, args })}\n`);
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`The pod ended during ${what}.`));
      if (child.exitCode !== null || child.signalCode !== null) return ended();
      waiting.set(id, resolve);
      child.once('close', ended);
    });
  };
  return Object.freeze({
    async attempt(what: string, ...args: readonly string[]) {
      const { result, refused } = await order(what, args);
      return refused ?? result;
    },
    async does(what: string, ...args: readonly string[]) {
      const { result, refused } = await order(what, args);
      if (refused !== undefined) throw new Error(`${what}: ${refused}`);
      return result;
    },
    async fails(what: string, ...args: readonly string[]) {
      const { refused, at } = await order(what, args);
      if (refused === undefined || at === undefined) throw new Error(`${what} went well.`);
      return { refused, at };
    },
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'close');
      // Not by a signal: what became another user is not killed with its parent (prctl(2), PR_SET_PDEATHSIG).
      child.stdin?.end();
      await ended;
    },
  });
}

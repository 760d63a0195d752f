import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * Where two processes that talk run decides more about a round trip than all
 * that they do: on two cores each message wakes a core from idle, on one it
 * does not, and the scheduler's choice sticks for seconds. So both pairs are put
 * on the same cores, and each placement is measured.
 */
export interface Placement {
  readonly name: string;
  /** The core of the host, and that of its peers; undefined: the scheduler chooses. */
  readonly cores: readonly [host: number, peers: number] | undefined;
}

/**
 * Those that this machine has: with a second core, or without.
 * @throws an Error where nothing can be placed, since the bounds are for fixed placements.
 */
export function placements(): readonly Placement[] {
  const free: Placement = { name: 'scheduler chooses', cores: undefined };
  if (!pin(process.pid, undefined)) throw new Error('processes cannot be placed: taskset of util-linux is needed.');
  const oneCore: Placement = { name: 'one core', cores: [0, 0] };
  return coreCount < 2 ? [oneCore] : [oneCore, { name: 'two cores', cores: [0, 1] }, free];
}

/** Puts this process, and every descendant that runs `interpreterPath`, on the cores of a placement. */
export function place({ cores }: Placement, interpreterPath: string): void {
  pin(process.pid, cores?.[0]);
  for (const id of interpreters(interpreterPath)) pin(id, cores?.[1]);
}

/** Puts a process, and every one below it, on a core; undefined: the scheduler chooses. */
export function placeTree(processId: number, core: number | undefined): void {
  for (const id of processTree(processId)) pin(id, core);
}

/** Before anything is pinned: later it counts the cores that this process may use. */
const coreCount = availableParallelism();

/** With all its threads. @returns false where that cannot be done. */
function pin(processId: number, core: number | undefined): boolean {
  const list = core === undefined ? `0-${coreCount - 1}` : String(core);
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', list, String(processId)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The processes below this one that run the interpreter, and not a wrapper around it. Enclaves run a private copy
 * of it, somewhere else: a copy is known by its size, which the host's own Node does not have.
 */
export function interpreters(interpreterPath: string): readonly number[] {
  return processesOf(interpreterPath, process.pid);
}

/** The processes below another one that run a copy of a program. */
export function processesOf(program: string, root: number): readonly number[] {
  const sizeBytes = statSync(program).size;
  return processTree(root).filter((id) => programSizeBytes(id) === sizeBytes);
}

/** A process, and those that come from it. */
export function processTree(root: number): readonly number[] {
  const parents = new Map(processIds().map((id) => [id, parentOf(id)]));
  const isBelow = (id: number | undefined): boolean =>
    id !== undefined && id !== 0 && (id === root || isBelow(parents.get(id)));
  return [...parents.keys()].filter(isBelow);
}

const processIds = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const parentOf = (id: number): number => Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${id}/status`))?.[1] ?? 0);

function programSizeBytes(id: number): number | undefined {
  return statSync(`/proc/${id}/exe`, { throwIfNoEntry: false })?.size;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

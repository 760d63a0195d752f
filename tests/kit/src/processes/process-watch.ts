import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export { until } from '@enclos/testkit';

/** True while the process runs: one that is dead and not yet collected does not. */
export function isRunning(processId: number): boolean {
  const status = read(`/proc/${processId}/status`);
  return status !== undefined && !/^State:\s+[ZX]/m.test(status);
}

/** Linux, every process: the ids of those with this text in their command line. */
export function processesWith(marker: string): readonly number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/cmdline`)?.includes(marker) === true)
    .map(Number)
    .filter(isRunning);
}

/** The words of a process's command; none when it is gone. */
export function commandOf(processId: number): readonly string[] {
  return read(`/proc/${processId}/cmdline`)?.split('\0').slice(0, -1) ?? [];
}

export function descriptorCount(processId: number): number {
  return list(`/proc/${processId}/fd`).length;
}

/** Resident memory; 0 when the process is gone. */
export function residentMiB(processId: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${processId}/status`) ?? '')?.[1] ?? 0) / 1024;
}

/** The files below a folder that hold one of these texts, as they are or in base64 or hex. */
export function filesHolding(folder: string, secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const forms = [bytes, Buffer.from(bytes.toString('base64').slice(0, -4)), Buffer.from(bytes.toString('hex'))];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const content = readFileSync(path);
      return forms.some((form) => content.includes(form));
    });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/**
 * How often a process has called read(2) and write(2) and their like so far: `syscr` and `syscw` (proc_pid_io). What it costs to carry
 * bytes is seen there on any machine, however busy it is.
 */
export function ioCalls(processId: number): { readonly reads: number; readonly writes: number } {
  const text = readFileSync(`/proc/${processId}/io`, 'utf8');
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]);
  return { reads: count('syscr'), writes: count('syscw') };
}

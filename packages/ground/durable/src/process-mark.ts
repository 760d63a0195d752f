import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

const pattern = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{12})$/;

/**
 * This process as part of the name of a file, `PROCESS-START-MACHINE`. With the owner in the name, the file never exists
 * without a known owner.
 */
export function processMark(): string {
  return (own ??= `${process.pid}-${startOf(process.pid) ?? '0'}-${thisMachine()}`);
}

/**
 * Whether the process with a mark still runs.
 * @returns undefined when it is not known: the process belongs to another machine or container, or to an earlier boot of this
 *   machine; or the text is not a mark.
 */
export function isRunning(mark: string): boolean | undefined {
  if (mark === processMark()) return true;
  const [, id, start, machine] = pattern.exec(mark) ?? [];
  if (machine !== thisMachine()) return undefined;
  return startOf(Number(id)) === start;
}

let own: string | undefined;

/**
 * When a process started, in ticks since the machine booted: a later process with the same number has another start
 * (proc_pid_stat(5), field 22).
 * @returns undefined when there is no such process.
 */
function startOf(processId: number): string | undefined {
  try {
    // Its name is in parentheses, and may contain spaces and parentheses.
    const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${processId}/stat`, 'utf8')) ?? [];
    const fields = rest.split(' ');
    // A zombie no longer writes.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Names this boot of this machine and its process namespace: process numbers mean nothing elsewhere. */
function thisMachine(): string {
  machine ??= createHash('sha256').update(readMachine()).digest('hex').slice(0, 12);
  return machine;
}

let machine: string | undefined;

function readMachine(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Without /proc other processes cannot be inspected, so none counts as a process of this machine.
    return randomBytes(16).toString('hex');
  }
}

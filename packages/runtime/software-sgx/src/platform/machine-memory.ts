import { totalmem } from 'node:os';

/** The memory that processes here can use: that of the machine, or less where a cgroup bounds it. */
export function machineMemoryBytes(): number {
  // 0 or absent: not known; a number above that of the machine: no bound.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
}

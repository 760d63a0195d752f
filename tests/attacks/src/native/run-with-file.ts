import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { IsolationPlan } from '@enclos/isolation';

/** What a program printed. */
export interface RanProgram {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a program with the descriptors of an enclave: as its gate a Unix socket that was made here, and what a wrapper
 * reads from a descriptor.
 */
export function runWithFile(words: readonly string[], inherited: IsolationPlan['inherited']): RanProgram {
  const [command = '', ...args] = words;
  const file = inherited === undefined ? [] : [openSync(inherited.path, 'r')];
  try {
    const { status, stdout, stderr } = spawnSync(command, args, {
      encoding: 'utf8',
      env: {},
      cwd: '/',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', ...file],
    });
    return { status, stdout, stderr };
  } finally {
    for (const descriptor of file) closeSync(descriptor);
  }
}

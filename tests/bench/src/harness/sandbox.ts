import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enclaveCommand, planIsolation, verifyInterpreter, writeStartFiles } from '@enclos/isolation';

/** The pinned interpreter without anything of ours in it. */
export interface BareInterpreter {
  readonly path: string;
  /** Starts a program of it, `sandboxed` in the same wrappers as an enclave. */
  start(program: string, options: { readonly sandboxed: boolean; readonly stdio: StdioOptions }): ChildProcess;
  close(): Promise<void>;
}

export async function bareInterpreter(): Promise<BareInterpreter> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const { path } = await verifyInterpreter();
  const plan = planIsolation({ interpreterPath: path, ...(await writeStartFiles(folder)) });
  const confined = enclaveCommand(plan, { heapSizeBytes: 64n * 1024n * 1024n, threads: 4 }, path);
  return {
    path,
    start(program, { sandboxed, stdio }) {
      const words = [...(sandboxed ? confined : [path]), '--openssl-config=/dev/null', '-e', program];
      const [command = '', ...args] = words;
      return spawn(command, args, { stdio, env: {}, cwd: '/' });
    },
    close: () => rm(folder, { recursive: true }),
  };
}

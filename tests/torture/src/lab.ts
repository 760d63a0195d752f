import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';
import type { Workshop } from '@enclos/process-kit';

/** A platform whose error output is watched: what it says there, it should not have had to say. */
export interface WatchedPlatform {
  readonly launcher: SoftwareLauncher;
  readonly socketPath: string;
  readonly processId: number;
  /** What it wrote to its error output. */
  complaints(): string;
  /** Its exit code, once it has ended. */
  exitCode(): number | null;
  close(): Promise<void>;
}

const entry = join(dirname(fileURLToPath(import.meta.resolve('@enclos/software-sgx'))), 'main.js');

export async function startWatchedPlatform(
  workshop: Pick<Workshop, 'stateFolder'>,
  name: string,
): Promise<WatchedPlatform> {
  const child = spawn(process.execPath, [entry, '--state', workshop.stateFolder(name)], { stdio: 'pipe' });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-8192);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface(child.stdout);
  const socketPath = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    void ended.then(() => reject(new Error(`The platform did not start: ${complaints}`)));
  });
  const launcher = await connectSoftwarePlatform(socketPath);
  return Object.freeze({
    launcher,
    socketPath,
    processId: child.pid ?? 0,
    complaints: () => complaints,
    exitCode: () => child.exitCode,
    async close() {
      await launcher.close();
      child.stdin.end();
      await ended;
    },
  });
}

import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';

export interface EmbeddedPlatformOptions {
  /** Where vendor and machine keep their keys. Made when absent. */
  readonly stateFolder: string;
  readonly startTimeoutMs?: number;
}

export interface EmbeddedPlatform extends SoftwareLauncher {
  readonly socketPath: string;
  readonly processId: number;
}

const defaultStartTimeoutMs = 60_000;

/**
 * Starts a platform process of one's own and connects to it. It ends with this
 * process, however this process ends: its standard input is a pipe that only
 * this process holds.
 * @throws PLATFORM_START_FAILED
 */
export async function startPlatform(options: EmbeddedPlatformOptions): Promise<EmbeddedPlatform> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, '--state', options.stateFolder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const socketPath = await readSocketPath(child, options.startTimeoutMs ?? defaultStartTimeoutMs);
  // The platform must not keep its parent alive.
  child.unref();
  const launcher = await connectSoftwarePlatform(socketPath);
  return Object.freeze({
    ...launcher,
    socketPath,
    processId: child.pid ?? 0,
    async close() {
      await launcher.close();
      child.ref();
      const ended =
        child.exitCode !== null
          ? Promise.resolve()
          : new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.stdin?.end();
      await ended;
    },
  });
}

/** The process says where it listens in its first line. */
function readSocketPath(child: ChildProcess, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (reason: string): void => {
      child.kill('SIGKILL');
      reject(new EnclosError('PLATFORM_START_FAILED', `The platform process ${reason}.`));
    };
    const timer = setTimeout(() => fail('did not answer in time'), timeoutMs);
    child.once('error', () => fail('could not be made'));
    child.once('exit', (code) => fail(`ended with code ${code ?? 'unknown'}`));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end === -1) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve(text.slice(0, end));
    });
  });
}

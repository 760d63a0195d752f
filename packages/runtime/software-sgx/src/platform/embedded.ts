import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { toHex } from '@enclos/codec';
import { EnclosError, type ErrorCode } from '@enclos/errors';
import { connectSoftwarePlatform, type SoftwareLauncher } from '@enclos/tee';

export interface EmbeddedPlatformOptions {
  /** The folder in which vendor and machine keep their keys. Made when absent. */
  readonly stateFolder: string;
  /** The audit log of the platform. Made when absent; one process at a time. Without it nothing is recorded. */
  readonly auditFile?: string;
  readonly startTimeoutMs?: number;
  /** MRSIGNERs (32 bytes) whose SGX images may have PROVISIONKEY, which gives them keys of the machine itself. Default: none. */
  readonly provisionSigners?: readonly Uint8Array[] | undefined;
}

export interface EmbeddedPlatform extends SoftwareLauncher {
  readonly socketPath: string;
  readonly processId: number;
}

const defaultStartTimeoutMs = 60_000;

/** A platform process without a connection. */
export interface PlatformProcess {
  readonly socketPath: string;
  readonly processId: number;
  /** Ends it, and resolves when it is gone. */
  readonly end: () => Promise<void>;
  /** Lets this process end while the platform runs; the platform then ends with it. */
  readonly unref: () => void;
}

export interface PlatformProcessOptions extends EmbeddedPlatformOptions {
  /**
   * The program of the platform. Default: that of this package. A bundle, which no longer lies in the package, names its own.
   */
  readonly program?: string;
}

/**
 * Starts a private platform process and connects to it. It ends with this process, however this process ends, because its
 * standard input is a pipe that only this process holds. Call `close`: a running platform keeps this process alive.
 * @throws PLATFORM_START_FAILED
 */
export async function startPlatform(options: EmbeddedPlatformOptions): Promise<EmbeddedPlatform> {
  const { socketPath, processId, end } = await startPlatformProcess(options);
  try {
    const launcher = await connectSoftwarePlatform(socketPath);
    return Object.freeze({
      ...launcher,
      socketPath,
      processId,
      async close() {
        await launcher.close();
        await end();
      },
    });
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * The same without a connection, for callers that pass the socket on.
 * @throws PLATFORM_START_FAILED
 */
export async function startPlatformProcess(options: PlatformProcessOptions): Promise<PlatformProcess> {
  const main = options.program ?? fileURLToPath(new URL('../main.js', import.meta.url));
  const auditWords = options.auditFile === undefined ? [] : ['--audit', options.auditFile];
  const signers = (options.provisionSigners ?? []).map((signer) => toHex(signer)).join(',');
  const signerWords = signers === '' ? [] : ['--provision-signers', signers];
  const child = spawn(process.execPath, [main, '--state', options.stateFolder, ...auditWords, ...signerWords], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', () => resolve('could not be made'));
    // Not `exit`: its last output is read first.
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `code ${code ?? 'unknown'}`}`));
  });
  try {
    const line = await readFirstLine(child, ended, options.startTimeoutMs ?? defaultStartTimeoutMs);
    return Object.freeze({
      socketPath: requireSocketPath(line),
      processId: child.pid ?? 0,
      async end() {
        child.stdin.end();
        await ended;
      },
      unref() {
        child.unref();
        // Pipes to a child are sockets, although their type does not say so.
        for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref();
      },
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

const refusalPrefix = 'refused ';

/** The first line of a platform process that does not start. */
export function startRefusal({ code, message }: EnclosError): string {
  return refusalPrefix + JSON.stringify({ code, message });
}

/** The first line of the process says where it listens, or why it does not. */
function requireSocketPath(line: string): string {
  if (!line.startsWith(refusalPrefix)) return line;
  const { code, message } = JSON.parse(line.slice(refusalPrefix.length)) as { code: ErrorCode; message: string };
  const cause = new EnclosError(code, message);
  throw new EnclosError('PLATFORM_START_FAILED', `${code}: ${message}`, { details: { code }, cause });
}

async function readFirstLine(child: ChildProcess, ended: Promise<string>, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('did not answer in time'), timeoutMs);
  });
  const failed = Promise.race([ended, late]).then((reason) => {
    throw new EnclosError('PLATFORM_START_FAILED', `The platform process ${reason}.`);
  });
  try {
    return await Promise.race([firstLine(child), failed]);
  } finally {
    clearTimeout(timer);
    // When the line came first, a later end of the process is not a failure to start.
    failed.catch(() => undefined);
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
  });
}

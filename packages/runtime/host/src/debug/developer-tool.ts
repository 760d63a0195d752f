import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createInterface } from 'node:readline';
import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { LaunchedIdentity } from '@enclos/tee';
import { connectToSocket } from '@enclos/tee/unix-socket';

/** How the connections of one listener (`listen`) or destination (`connect`) of a running enclave reach it. */
export interface RunningStream {
  readonly kind: 'listen' | 'connect';
  /** Its name in the manifest. */
  readonly name: string;
  readonly transport: 'relayed' | 'passed';
}

/**
 * The developer's tool that started this host program (`enclos run`, `enclos dev`, `enclos
 * debug`), by its Unix socket. A connection begins with one line that states its purpose: `log`, on which the tool sends the
 * level of detail that it wants, one number a line, and learns of each enclave that runs, after a line for each of its streams;
 * or `inspector NAME MRENCLAVE`, which then carries the inspector of one enclave.
 */
export interface DeveloperTool {
  /** Whether it wants the inspector of debug enclaves. */
  readonly inspects: boolean;
  /** The most detailed lines of an enclave's log that it wants: 0 error to 4 trace. Undefined: it leaves the log to the program. */
  logLevel(): number | undefined;
  /** Tells the tool that an enclave runs. */
  started(name: string, identity: LaunchedIdentity, streams: readonly RunningStream[]): void;
  /** Hands over the inspector of an enclave. Both ends close together. */
  takeInspector(name: string, identity: LaunchedIdentity, inspector: Duplex): void;
}

export interface DeveloperToolOptions {
  readonly socketPath: string;
  readonly inspects: boolean;
  /** Whether it decides what is shown of an enclave's log. */
  readonly shapesLog: boolean;
}

const mostDetailed = 4;

/** @throws HOST_ENVIRONMENT_MISSING when nothing listens at the socket. */
export async function connectDeveloperTool(options: DeveloperToolOptions): Promise<DeveloperTool> {
  const { socketPath, inspects, shapesLog } = options;
  const control = await connectTo(socketPath);
  // A host program ends when its own work is done, whatever the tool does.
  control.unref();
  control.write('log\n');
  let level = mostDetailed;
  createInterface({ input: control }).on('line', (line) => {
    if (/^[0-4]$/.test(line)) level = Number(line);
  });
  return Object.freeze({
    inspects,
    logLevel: () => (shapesLog ? level : undefined),
    started(name: string, { mrEnclave }: LaunchedIdentity, streams: readonly RunningStream[]) {
      const lines = streams.map((of) => `stream ${of.kind} ${of.transport} ${encodeURIComponent(of.name)}\n`);
      control.write(`${lines.join('')}started ${name} ${toHex(mrEnclave)}\n`);
    },
    takeInspector(name: string, { mrEnclave }: LaunchedIdentity, inspector: Duplex) {
      const stream = connectToSocket(socketPath);
      const end = (): void => {
        stream.destroy();
        inspector.destroy();
      };
      for (const side of [stream, inspector]) side.on('error', end).on('close', end);
      stream.write(`inspector ${name} ${toHex(mrEnclave)}\n`);
      stream.pipe(inspector).pipe(stream);
    },
  });
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectToSocket(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (cause) => {
      reject(new EnclosError('HOST_ENVIRONMENT_MISSING', `No developer's tool listens at ${path}.`, { cause }));
    });
  });
}

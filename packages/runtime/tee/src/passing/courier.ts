import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { isSea } from 'node:sea';
import { connectToSocket } from '../unix-socket.ts';
import { courierProgram } from './courier-program.ts';
import { keepAliveMs, socketWith, takeHandle } from './held-connections.ts';
import type {
  ConnectionHandle,
  FrameText,
  HeldConnection,
  Passage,
  PassageEvents,
  Passing,
  SettledCallback,
} from './passing.ts';
import { Rest } from './rest.ts';
import { passingError } from './system-error.ts';

/**
 * Passing by a child process, for a Node that has no other way. It costs a message and two more system calls with descriptors for
 * each connection.
 * @returns undefined where this process cannot start its own interpreter.
 */
export function courierPassing<F>(textOf: FrameText<F>): Passing<F> | undefined {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  // A program that is one executable would start itself.
  if (isSea() || permission?.has('child') === false) return undefined;
  return Object.freeze({
    accept: acceptSockets,
    open: (path: string, events: PassageEvents) => openPassage(path, events, textOf),
  });
}

function acceptSockets(server: Server, arrived: (connection: HeldConnection) => void, refused: () => void): void {
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    // A waiting socket is paused, and has no other listener.
    socket.on('error', () => undefined);
    arrived(socket);
  });
  server.on('error', refused);
}

async function openPassage<F>(path: string, events: PassageEvents, textOf: FrameText<F>): Promise<Passage<F>> {
  const socket = connectToSocket(path);
  await once(socket, 'connect');
  const child = spawn(process.execPath, ['--expose-internals', '--no-warnings', '-e', courierProgram], {
    // Only what the interpreter may need to be loaded. The options of this process are not meant for it.
    env: { LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', socket],
  });
  const end = once(child, 'exit').then(() => {
    throw passingError('EPIPE');
  });
  try {
    // Its first message says that it is ready.
    await Promise.race([once(child, 'message'), end]);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return new CourierPassage({ child, socket, events, textOf });
}

interface Delivery<F> {
  readonly handle: ConnectionHandle;
  readonly frame: F;
  readonly settled: SettledCallback<F>;
}

interface CourierOptions<F> {
  readonly child: ChildProcess;
  readonly socket: Socket;
  readonly events: PassageEvents;
  readonly textOf: FrameText<F>;
}

class CourierPassage<F> implements Passage<F> {
  readonly #child: ChildProcess;
  /** The same connection as the courier's. This process reads it, and the courier writes. */
  readonly #socket: Socket;
  readonly #events: PassageEvents;
  readonly #textOf: FrameText<F>;
  /** In the order of the courier's results. */
  readonly #sent: Delivery<F>[] = [];
  readonly #rest: Rest;
  #isOver = false;

  constructor({ child, socket, events, textOf }: CourierOptions<F>) {
    this.#child = child;
    this.#socket = socket;
    this.#events = events;
    this.#textOf = textOf;
    const ended = (): void => this.#ended();
    child.on('message', (results) => this.#settle(results));
    child.once('exit', ended);
    child.once('error', ended);
    socket.on('error', ended);
    socket.once('end', ended);
    socket.once('close', ended);
    socket.on('data', (bytes: Buffer) => {
      if (!this.#isOver) events.read(bytes);
    });
    // To give it to a child process paused it.
    socket.resume();
    this.#rest = new Rest(
      () => socket.pause(),
      () => socket.resume(),
    );
  }

  rest(): void {
    if (!this.#isOver) this.#rest.begin();
  }

  wake(): void {
    this.#rest.end();
  }

  pass(connection: HeldConnection, frame: F, settled: SettledCallback<F>): void {
    const handle = takeHandle(connection);
    if (handle === undefined || this.#isOver) {
      handle?.close();
      const error = passingError(this.#isOver ? 'EPIPE' : 'ECONNRESET');
      return queueMicrotask(() => settled(frame, error));
    }
    this.#sent.push({ handle, frame, settled });
    // Another socket: one that knows its server would keep that server from closing, once the courier is gone.
    const socket = socketWith(handle, {});
    // That the courier has ended is told by its exit.
    this.#child.send(this.#textOf(frame), socket, () => undefined);
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rest.cancel();
    this.#socket.destroy();
    this.#child.kill('SIGKILL');
    for (const { handle, frame, settled } of this.#sent.splice(0)) {
      // Node keeps those that the courier has not acknowledged. To close a handle twice does nothing.
      handle.close();
      settled(frame, passingError('ECANCELED'));
    }
  }

  #settle(results: unknown): void {
    for (const status of Array.isArray(results) ? results : []) {
      const sent = this.#sent.shift();
      sent?.settled(sent.frame, status === 0 ? undefined : passingError(typeof status === 'number' ? status : 'EPIPE'));
    }
  }

  #ended(): void {
    if (this.#isOver) return;
    this.close();
    this.#events.ended();
  }
}

import type { Server } from 'node:net';
import { constants } from 'node:os';
import { addressForConnecting } from '../unix-socket.ts';
import { discard, isHandle, keepAliveMs, takeHandle } from './held-connections.ts';
import { Rest } from './rest.ts';
import type {
  ConnectionHandle,
  FrameText,
  HeldConnection,
  Passage,
  PassageEvents,
  Passing,
  SettledCallback,
} from './passing.ts';
import { passingError } from './system-error.ts';

/** The parts of the interpreter's native classes that are needed. Node 20 to 26 have them; they are not documented. */
interface NativePipe extends ConnectionHandle {
  connect(request: object, path: string): unknown;
  readStart(): void;
  readStop(): void;
  useUserBuffer(buffer: Uint8Array): void;
  /** Writes text, one byte for each character, and with it the descriptor of a handle. */
  writeLatin1String(request: object, text: string, handle: ConnectionHandle): number;
  /** Bytes that were not written at once; undefined before a connection and where the interpreter does not say. */
  readonly writeQueueSize?: number | undefined;
  onread: () => void;
  /** A handle that the other side passed. */
  pendingHandle?: unknown;
}

interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void;
  /** One member: the interpreter's objects grow by each. */
  passed?: PassedConnection<unknown>;
}

interface PassedConnection<F> {
  /** Still to be closed. */
  handle: ConnectionHandle | undefined;
  readonly frame: F;
  readonly settled: SettledCallback<F>;
}

interface NativeClasses {
  readonly Pipe: new (kind: number) => NativePipe;
  readonly PipeConnectWrap: new () => { oncomplete: (status: number) => void };
  readonly WriteWrap: new () => WriteRequest;
  /** The kind of a pipe through which descriptors pass. */
  readonly passesHandles: number;
  /** The result of the last read or write of any handle. */
  readonly state: ArrayLike<number>;
  readonly readResult: number;
}

/** Passing by the interpreter's own pipes. @returns undefined for a Node without them, or one that warns about them. */
export function nativePassing<F>(textOf: FrameText<F>): Passing<F> | undefined {
  const classes = findClasses();
  if (classes === undefined) return undefined;
  return Object.freeze({
    accept: acceptHandles,
    open: (path: string, events: PassageEvents) =>
      openPassage(path, (pipe) => new NativePassage({ classes, pipe, events, textOf }), classes),
  });
}

/**
 * `process.binding` is deprecated in documentation (DEP0111). Under `--pending-deprecation` it warns, and with the permission model
 * it throws; then there is the other way. It is called with the warning held back: a user can do nothing about it.
 */
function findClasses(): NativeClasses | undefined {
  const { binding, emitWarning } = process as { binding?: unknown; emitWarning: unknown };
  if (typeof binding !== 'function') return undefined;
  let hasWarned = false;
  try {
    Reflect.set(process, 'emitWarning', () => (hasWarned = true));
    const found = { ...part(binding, 'pipe_wrap'), ...part(binding, 'stream_wrap') };
    return hasWarned ? undefined : checkClasses(found);
  } catch {
    return undefined;
  } finally {
    Reflect.set(process, 'emitWarning', emitWarning);
  }
}

// What a function of any type returns is not known.
const part = (binding: object, name: string): object =>
  Object(Reflect.apply(binding as () => unknown, process, [name])) as object;

function checkClasses(found: Readonly<Record<string, unknown>>): NativeClasses | undefined {
  const { Pipe, PipeConnectWrap, WriteWrap, streamBaseState: state, kReadBytesOrError: readResult } = found;
  const kinds: unknown = found['constants'];
  const passesHandles: unknown = typeof kinds === 'object' && kinds !== null && 'IPC' in kinds ? kinds.IPC : undefined;
  const methods = ['connect', 'readStart', 'readStop', 'useUserBuffer', 'writeLatin1String', 'close'];
  const isComplete =
    [Pipe, PipeConnectWrap, WriteWrap].every((native) => typeof native === 'function') &&
    [passesHandles, readResult].every((number) => typeof number === 'number') &&
    ArrayBuffer.isView(state) &&
    methods.every((name) => typeof Reflect.get((Pipe as { prototype: object }).prototype, name) === 'function');
  const classes: Readonly<Record<keyof NativeClasses, unknown>> = {
    Pipe,
    PipeConnectWrap,
    WriteWrap,
    passesHandles,
    state,
    readResult,
  };
  // Each member was looked at above; only their types are not known to the compiler.
  return isComplete ? (classes as NativeClasses) : undefined;
}

/**
 * Connections are taken as handles: to make a `net.Socket` of each costs more than to pass it. Linux gives an accepted connection
 * the settings of its listening socket, so they cost nothing for each connection.
 */
function acceptHandles(server: Server, arrived: (connection: HeldConnection) => void, refused: () => void): void {
  const { _handle: listening } = server as { _handle?: unknown };
  if (!isHandle(listening)) throw new TypeError('The server does not listen.');
  const isSet = sendAtOnce(listening);
  Reflect.set(listening, 'onconnection', (status: number, handle: unknown) => {
    if (status !== 0 || !isHandle(handle)) return refused();
    // In a worker of a cluster another process accepts.
    if (!isSet) sendAtOnce(handle);
    arrived(handle);
  });
}

interface TcpSettings {
  setNoDelay(isOn: boolean): void;
  setKeepAlive(isOn: boolean, seconds: number): void;
}

function sendAtOnce(handle: ConnectionHandle & Partial<TcpSettings>): boolean {
  if (handle.setNoDelay === undefined || handle.setKeepAlive === undefined) return false;
  handle.setNoDelay(true);
  handle.setKeepAlive(true, keepAliveMs / 1000);
  return true;
}

function openPassage<P>(path: string, made: (pipe: NativePipe) => P, classes: NativeClasses): Promise<P> {
  return new Promise((resolve, reject) => {
    const address = addressForConnecting(path);
    const pipe = new classes.Pipe(classes.passesHandles);
    const done = (status: number): void => {
      address.release();
      if (status === 0) return resolve(made(pipe));
      pipe.close();
      reject(passingError(status));
    };
    const request = new classes.PipeConnectWrap();
    request.oncomplete = done;
    const status = pipe.connect(request, address.path);
    if (typeof status === 'number' && status !== 0) done(status);
  });
}

/** Room for the notices of one turn. */
const readBytes = 4096;

interface NativePassageOptions<F> {
  readonly classes: NativeClasses;
  /** Connected. */
  readonly pipe: NativePipe;
  readonly events: PassageEvents;
  readonly textOf: FrameText<F>;
}

class NativePassage<F> implements Passage<F> {
  readonly #classes: NativeClasses;
  readonly #pipe: NativePipe;
  readonly #events: PassageEvents;
  readonly #textOf: FrameText<F>;
  readonly #buffer = new Uint8Array(readBytes);
  readonly #rest: Rest;
  #isOver = false;

  constructor({ classes, pipe, events, textOf }: NativePassageOptions<F>) {
    this.#classes = classes;
    this.#pipe = pipe;
    this.#events = events;
    this.#textOf = textOf;
    pipe.useUserBuffer(this.#buffer);
    pipe.onread = () => this.#read();
    pipe.readStart();
    this.#rest = new Rest(
      () => pipe.readStop(),
      () => pipe.readStart(),
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
    const request = new this.#classes.WriteWrap();
    request.oncomplete = finish;
    const passed: PassedConnection<F> = { handle, frame, settled };
    // Its own frame comes back, and no other.
    request.passed = passed as PassedConnection<unknown>;
    if (handle === undefined) return finishLater(request, -constants.errno.ECONNRESET);
    if (this.#isOver) return finishLater(request, -constants.errno.EPIPE);
    const status = this.#pipe.writeLatin1String(request, this.#textOf(frame), handle);
    if (status !== 0) return finishLater(request, status);
    // It is written, so the other process has its copy. To close ours only when we are told would be one more turn of the event loop.
    if (this.#pipe.writeQueueSize === 0) {
      handle.close();
      passed.handle = undefined;
    }
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rest.cancel();
    // What waits to be written is cancelled, and so closed.
    this.#pipe.close();
  }

  #read(): void {
    const sizeBytes = this.#classes.state[this.#classes.readResult] ?? 0;
    const { pendingHandle } = this.#pipe;
    if (pendingHandle !== undefined && pendingHandle !== null) {
      // Enclaves pass nothing.
      this.#pipe.pendingHandle = undefined;
      if (isHandle(pendingHandle)) discard(pendingHandle);
    }
    if (this.#isOver) return;
    if (sizeBytes > 0) return this.#events.read(this.#buffer.subarray(0, sizeBytes));
    if (sizeBytes === 0) return;
    this.close();
    this.#events.ended();
  }
}

function finishLater(request: WriteRequest, status: number): void {
  queueMicrotask(() => request.oncomplete(status));
}

/** One function for all writes. The copy of the other process is another one, so ours is closed in any case. */
function finish(this: WriteRequest, status: number): void {
  if (this.passed === undefined) return;
  const { handle, frame, settled } = this.passed;
  handle?.close();
  settled(frame, status === 0 ? undefined : passingError(status));
}

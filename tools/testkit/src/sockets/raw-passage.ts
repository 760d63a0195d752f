import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A host's end of a passage, made by hand: it sends any bytes, and any handle of the interpreter. */
export interface RawPassage {
  /**
   * Sends bytes, and a descriptor with them.
   * @returns the error of the system, 0 for none
   */
  send(bytes: Uint8Array, handle?: object): Promise<number>;
  /** What the enclave said, in order. */
  readonly said: Buffer[];
  /** The next notice of 24 bytes; rejects when the passage ends first. */
  notice(): Promise<Buffer>;
  /** Resolves when the other end has closed it. */
  readonly ended: Promise<void>;
  /** Reads no more. */
  stop(): void;
  readonly close: () => void;
}

interface Handle {
  connect(request: object, path: string): number;
  writeLatin1String(request: object, text: string, handle?: object): number;
  readStart(): number;
  readStop(): number;
  close(): void;
  onread: (content: ArrayBuffer | undefined) => void;
}

interface Binding {
  readonly Pipe: new (type: number) => Handle;
  readonly PipeConnectWrap: new () => { oncomplete: (status: number) => void };
  readonly constants: { readonly IPC: number };
  readonly WriteWrap: new () => { oncomplete?: (status: number) => void };
}

/** Connects to the passage of an enclave. */
export async function connectRawPassage(path: string): Promise<RawPassage> {
  // Undocumented members of the interpreter, for tests only; their shapes are used below.
  const binding = Reflect.get(process, 'binding') as (name: string) => Binding;
  const { Pipe, PipeConnectWrap, constants } = binding('pipe_wrap');
  const { WriteWrap } = binding('stream_wrap');
  const pipe = new Pipe(constants.IPC);
  await new Promise<void>((resolve, reject) => {
    const request = new PipeConnectWrap();
    request.oncomplete = (status) => (status === 0 ? resolve() : reject(new Error(`no passage: ${status}`)));
    pipe.connect(request, path);
  });
  const said: Buffer[] = [];
  let waiting: (() => void)[] = [];
  let isOver = false;
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (over = resolve));
  pipe.onread = (content) => {
    if (content === undefined) {
      isOver = true;
      over();
    } else said.push(Buffer.from(content));
    for (const wake of waiting.splice(0)) wake();
  };
  pipe.readStart();
  let taken = 0;
  return {
    said,
    ended,
    send: (bytes, handle) =>
      new Promise((resolve) => {
        const request = new WriteWrap();
        request.oncomplete = resolve;
        const status = pipe.writeLatin1String(request, Buffer.from(bytes).toString('latin1'), handle);
        // A write that is done at once may have no completion.
        if (status !== 0) resolve(status);
        else setImmediate(() => resolve(0));
      }),
    async notice() {
      for (;;) {
        const all = Buffer.concat(said);
        if (all.length >= taken + 24) return all.subarray(taken, (taken += 24));
        if (isOver) throw new Error('The passage ended before the notice.');
        await new Promise<void>((resolve) => (waiting = [...waiting, resolve]));
      }
    },
    stop: () => void pipe.readStop(),
    close: () => pipe.close(),
  };
}

/** The interpreter's own object of a socket or a server, which {@link RawPassage.send} takes. */
export function handleOf(socket: object): object {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) throw new Error('This has no handle.');
  return handle;
}

/** Sends a connection and closes this end's copy of it. */
export async function passSocket(passage: RawPassage, bytes: Uint8Array, socket: Socket): Promise<void> {
  const status = await passage.send(bytes, handleOf(socket));
  if (status !== 0) throw new Error(`the socket was not passed: ${status}`);
  socket.destroy();
}

/** Answers what it reads with the same. */
const echo = (client: Socket): void => void client.pipe(client);

/**
 * A passage and a connection in it, as the first of the first listener.
 * @param peer what the other end of the connection does
 * @returns the end of the passage for an enclave, unread, and what ends all of it
 */
export async function passOne(peer = echo): Promise<{ readonly enclave: Socket; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-passage-'));
  const accepted = async (server: Server, make: () => Promise<void> | void): Promise<Socket> => {
    const connection = once(server, 'connection') as Promise<[Socket]>;
    await make();
    const [socket] = await connection;
    server.close();
    return socket;
  };
  const path = join(folder, 'p');
  const passages = createServer({ pauseOnConnect: true });
  await once(passages.listen(path), 'listening');
  let passage: RawPassage | undefined;
  const enclave = await accepted(passages, async () => void (passage = await connectRawPassage(path)));
  rmSync(folder, { recursive: true });
  const clients = createServer({ allowHalfOpen: true }, (client) => peer(client.on('error', () => undefined)));
  await once(clients.listen(0, '127.0.0.1'), 'listening');
  // The address of a server that listens on a port is never text.
  const { port } = clients.address() as AddressInfo;
  const passed = connect(port, '127.0.0.1');
  await once(passed, 'connect');
  clients.close();
  if (passage === undefined) throw new Error('There is no passage.');
  await passSocket(passage, Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0), passed);
  const { close } = passage;
  return { enclave, close };
}

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, Socket, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOnSocket } from '@enclos/tee/unix-socket';
import { decodePassedFrame, encodePassageNotice, type PassageNotice, type PassedFrame } from '@enclos/tee/passage';

interface Handle {
  readonly fd: number;
  close(): void;
  unref(): void;
}

interface IpcPipe extends Handle {
  open(fd: number): number;
  readStart(): void;
  readStop(): void;
  writeLatin1String(request: object, text: string): number;
  onread: (bytes: ArrayBuffer | undefined) => void;
  pendingHandle?: Handle | undefined;
}

interface Bindings {
  pipe_wrap: { readonly Pipe: new (kind: number) => IpcPipe; readonly constants: { readonly IPC: number } };
  stream_wrap: {
    readonly WriteWrap: new () => { oncomplete: () => void };
    readonly streamBaseState: ArrayLike<number>;
    readonly kReadBytesOrError: number;
  };
}

// Taken when the test loads, whatever a test does to the process later.
const { binding } = process as unknown as { readonly binding: <N extends keyof Bindings>(name: N) => Bindings[N] };
const { Pipe, constants } = binding('pipe_wrap');
const { WriteWrap, streamBaseState, kReadBytesOrError } = binding('stream_wrap');

/** What a host passed. */
export interface Arrival {
  readonly frame: PassedFrame;
  readonly socket: Socket;
}

/** The enclave's end of a passage, without an enclave: it takes what comes, whatever the rules say. */
export class PassagePeer extends EventEmitter {
  readonly arrivals: Arrival[] = [];
  isEnded = false;
  readonly #sockets: Socket[] = [];
  readonly #pipe: IpcPipe;

  /** @param fd of a connection that nothing reads */
  constructor(fd: number) {
    super();
    this.#pipe = new Pipe(constants.IPC);
    assert.equal(this.#pipe.open(fd), 0);
    this.#pipe.onread = () => this.#read();
  }

  /** Takes what comes, from now on. */
  start(): this {
    const { onread } = this.#pipe;
    this.#pipe.onread = (bytes) => {
      if (bytes !== undefined) this.#arrived(new Uint8Array(bytes));
      onread(bytes);
    };
    this.#pipe.readStart();
    return this;
  }

  tell(...notices: readonly PassageNotice[]): void {
    for (const notice of notices) this.send(encodePassageNotice(notice));
  }

  send(bytes: Uint8Array): void {
    const request = new WriteWrap();
    request.oncomplete = () => undefined;
    this.#pipe.writeLatin1String(request, Buffer.from(bytes).toString('latin1'));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this, 'moved');
  }

  /** The next connection that was passed. */
  async next(): Promise<Arrival> {
    await this.until(() => this.arrivals.length > 0);
    const arrival = this.arrivals.shift();
    assert.ok(arrival);
    return arrival;
  }

  close(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.#pipe.close();
  }

  /** Closes all that it was passed. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.close();
  }

  #arrived(bytes: Uint8Array): void {
    const { pendingHandle } = this.#pipe;
    this.#pipe.pendingHandle = undefined;
    assert.ok(pendingHandle, 'bytes without a descriptor');
    const options = { handle: pendingHandle, allowHalfOpen: true, pauseOnCreate: true };
    const socket = new Socket(options);
    socket.on('error', () => undefined);
    this.#sockets.push(socket);
    this.arrivals.push({ frame: decodePassedFrame(bytes), socket });
  }

  #read(): void {
    if ((streamBaseState[kReadBytesOrError] ?? 0) < 0) this.close();
    this.emit('moved');
  }
}

export interface PassageServer {
  readonly path: string;
  /** The next host that connects. */
  peer(): Promise<PassagePeer>;
  close(): Promise<void>;
}

/** Where a platform would wait for a host. */
export async function servePassage(name = 'passage.sock', below = ''): Promise<PassageServer> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-passage-'));
  await mkdir(join(folder, below), { recursive: true });
  const path = join(folder, below, name);
  const server: Server = createServer();
  await listenOnSocket(server, path);
  const { _handle: listening } = server as unknown as {
    _handle: { onconnection: (status: number, handle: Handle) => void };
  };
  const peers: PassagePeer[] = [];
  const all: PassagePeer[] = [];
  listening.onconnection = (status, handle) => {
    assert.equal(status, 0);
    // The same descriptor, to pass descriptors through. This handle is never used, nor closed.
    handle.unref();
    const peer = new PassagePeer(handle.fd);
    all.push(peer);
    peers.push(peer);
    server.emit('peer');
  };
  return {
    path,
    async peer() {
      while (peers.length === 0) await once(server, 'peer');
      const peer = peers.shift();
      assert.ok(peer);
      return peer;
    },
    async close() {
      for (const peer of all) peer.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

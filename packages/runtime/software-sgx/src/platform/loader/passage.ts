import type { EnclavePassage, PassedSocket } from '@enclos/tee/passage';

/**
 * The extra part of the loader of an enclave to which its host passes connected sockets. Like the other parts it is turned into
 * text, so it must not refer to anything outside itself. The loader of every other enclave does not contain this text.
 *
 * It is mechanism only: it makes a socket of each descriptor. What a frame means, and how many the host may pass, is for the
 * measured runtime (`EnclavePassage` of `@enclos/tee`).
 *
 * Called before anything is taken away.
 * @param descriptor a Unix socket through which descriptors come.
 * @param end reports why the enclave ends, and ends it.
 */
export function openPassage(
  require: NodeJS.Require,
  descriptor: number,
  end: (reason: string, exitCode: number) => never,
): OpenedPassage {
  const { Socket } = require('node:net') as typeof import('node:net');
  const { internalBinding } = require('internal/test/binding') as { readonly internalBinding: (name: string) => object };
  const { apply, get, getPrototypeOf } = Reflect;
  const bindings = [internalBinding('pipe_wrap'), internalBinding('tcp_wrap'), internalBinding('stream_wrap')];
  // Their shapes are those of the pinned interpreter, and each member is used below.
  const { Pipe, constants, TCP, WriteWrap, streamBaseState, kReadBytesOrError } = Object.assign(
    {},
    ...bindings,
    // The constants of both parts have the same name.
    { constants: get(bindings[0] ?? {}, 'constants') as unknown },
  ) as Natives;
  const { getpeername, close } = TCP.prototype;
  const Bytes = Uint8Array;
  const hostGone = 0;
  const passageBroken = 5;
  const frameBytes = 8;
  /** A host that does not read must not fill the memory of its enclave. */
  const maxUnsentBytes = 65_536;

  const pipe = new Pipe(constants.IPC);
  if (pipe.open(descriptor) !== 0) throw new Error('The passage cannot be opened.');
  // One byte longer than a frame, so that a longer one is seen. One buffer for all frames: see `EnclavePassage.start`.
  const buffer = new Bytes(frameBytes + 1);
  const frame = buffer.subarray(0, frameBytes);
  pipe.useUserBuffer(buffer);

  // In place of its address, which is an accessor of the class, it has what its runtime is told.
  class ConnectedSocket extends (Socket as unknown as SocketClass) {
    readonly #peer: string;
    constructor(handle: object | undefined, peer: string) {
      // Without a handle it is a socket that was never connected.
      super({ ...(handle === undefined ? {} : { handle }), allowHalfOpen: true, pauseOnCreate: true });
      this.#peer = peer;
    }
    get remoteAddress(): string {
      return this.#peer;
    }
    // A reset takes a socket option, which the filter refuses: the descriptor would stay open.
    resetAndDestroy(): object {
      return this.destroy();
    }
  }
  // It leads to the class of sockets.
  if (!Reflect.deleteProperty(ConnectedSocket.prototype, 'constructor')) throw new Error('A passed socket keeps its class.');
  Object.freeze(ConnectedSocket.prototype);
  if (!Reflect.deleteProperty(Socket.prototype, 'resetAndDestroy')) throw new Error('A socket keeps its reset.');

  const handles = new WeakSet<object>();
  const { add, has } = WeakSet.prototype;
  /** A host may pass any descriptor. Of those that become a handle, only a connection of TCP has a peer (tcp(7)). */
  const socketFor = (handle: object): PassedSocket => {
    const peer = { address: '', port: 0 };
    if (getPrototypeOf(handle) === TCP.prototype && apply(getpeername, handle, [peer]) === 0) {
      apply(add, handles, [handle]);
      return new ConnectedSocket(handle, `${peer.address} ${peer.port}`);
    }
    // It may have been a connection whose peer is gone, so the runtime still learns of it.
    apply(close, handle, []);
    return new ConnectedSocket(undefined, '').destroy();
  };

  let isStarted = false;
  const passage: EnclavePassage = Object.freeze({
    start(arrived: Arrived): void {
      if (isStarted) throw new Error('The passage is read already.');
      isStarted = true;
      pipe.onread = () => {
        const sizeBytes = streamBaseState[kReadBytesOrError] ?? 0;
        const handle = pipe.pendingHandle;
        pipe.pendingHandle = undefined;
        // Interrupted: there is nothing to read.
        if (sizeBytes === 0) return;
        if (sizeBytes < 0) end('The host closed the passage.', hostGone);
        if (sizeBytes !== frameBytes || handle === undefined) {
          end('The host sent something other than a frame with a descriptor.', passageBroken);
        }
        arrived(frame, socketFor(handle));
      };
      if (pipe.readStart() !== 0) throw new Error('The passage cannot be read.');
    },
    send(notice: Uint8Array): void {
      if (pipe.writeQueueSize > maxUnsentBytes) end('The host does not read the passage.', passageBroken);
      const request = new WriteWrap();
      // The kernel may take the bytes later, so the request keeps them.
      request.buffer = new Bytes(notice);
      // When this fails, so does reading.
      pipe.writeBuffer(request, request.buffer);
    },
  });
  return { passage, isPassed: (handle) => apply(has, handles, [handle]), handleClass: TCP.prototype };
}

export interface OpenedPassage {
  /** For the bundle. */
  readonly passage: EnclavePassage;
  /** Whether this is the handle of a socket that was passed. */
  readonly isPassed: (handle: unknown) => boolean;
  /** The prototype of the handles of passed sockets. */
  readonly handleClass: object;
}

type Arrived = Parameters<EnclavePassage['start']>[0];

/** What is used of the class of sockets. */
type SocketClass = new (options: object) => Omit<PassedSocket, 'remoteAddress'>;

/** The interpreter's native code, as far as it is used here. */
interface Natives {
  readonly Pipe: new (type: number) => {
    open(descriptor: number): number;
    useUserBuffer(buffer: Uint8Array): void;
    readStart(): number;
    writeBuffer(request: object, bytes: Uint8Array): number;
    readonly writeQueueSize: number;
    onread: () => void;
    pendingHandle: object | undefined;
  };
  readonly constants: { readonly IPC: number };
  readonly TCP: {
    readonly prototype: { readonly getpeername: () => number; readonly close: () => void };
  };
  readonly WriteWrap: new () => { buffer?: Uint8Array };
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
}

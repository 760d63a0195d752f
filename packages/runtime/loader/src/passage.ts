import type { ConnectedSocketClass, PassedSocket } from './connected-socket.ts';

/**
 * The extra parts of the loader of an enclave to which its host passes connected sockets. Like the other parts they are turned
 * into text, so they must not refer to anything outside themselves. The loader of every other enclave does not contain them.
 *
 * They are mechanism only: they make a socket of each descriptor. What a frame means, and how many the host may pass, is for
 * the measured runtime (`EnclavePassage` of `@enclos/tee`). Both are called before anything is taken away.
 */

/** `EnclavePassage` of `@enclos/tee`, which is on a higher floor. */
interface EnclavePassage<S = PassedSocket> {
  start(arrived: (frame: Uint8Array, socket: S) => void): void;
  send(notices: Uint8Array): void;
}

/** What makes sockets of handles. */
export interface PassedSockets {
  readonly socketFor: (handle: object) => PassedSocket;
  /** Whether this is the handle of a socket that was passed. */
  readonly isPassed: (handle: unknown) => boolean;
  /** The prototype of the handles of passed sockets. */
  readonly handleClass: object;
}

export function passedSockets(require: NodeJS.Require, ConnectedSocket: ConnectedSocketClass): PassedSockets {
  const { Socket } = require('node:net') as typeof import('node:net');
  const { internalBinding } = require('internal/test/binding') as {
    readonly internalBinding: (name: string) => object;
  };
  const { apply, deleteProperty, get, getPrototypeOf } = Reflect;
  const handleClass = get(get(internalBinding('tcp_wrap'), 'TCP') as object, 'prototype') as object;
  const strip = (object: object, name: string): void => {
    if (!deleteProperty(object, name)) throw new Error(`The interpreter keeps ${name} of a socket.`);
  };
  const methodOf = (object: object, name: string): (() => unknown) => {
    const method: unknown = get(object, name);
    if (typeof method !== 'function') throw new Error(`The interpreter has no ${name} of a socket.`);
    return method as () => unknown;
  };
  const [getpeername, close] = [methodOf(handleClass, 'getpeername'), methodOf(handleClass, 'close')];
  const read = methodOf(Socket.prototype, 'read');
  const nextTurn = setImmediate;
  const [add, has] = [methodOf(WeakSet.prototype, 'add'), methodOf(WeakSet.prototype, 'has')];

  // It leads to the class of sockets.
  strip(ConnectedSocket.prototype, 'constructor');
  Object.freeze(ConnectedSocket.prototype);
  // A reset sets an option of the socket, which the filter refuses: the descriptor would stay open.
  strip(Socket.prototype, 'resetAndDestroy');

  const handles = new WeakSet();
  return {
    isPassed: (handle) => apply(has, handles, [handle]) === true,
    handleClass,
    socketFor(handle) {
      const peer = { address: '', port: 0 };
      // A host may pass any descriptor. Only a connection of TCP is a handle of this class with a peer (tcp(7)).
      if (getPrototypeOf(handle) === handleClass && apply(getpeername, handle, [peer]) === 0) {
        apply(add, handles, [handle]);
        const socket = new ConnectedSocket(handle, `${peer.address} ${peer.port}`);
        nextTurn(() => {
          // Nothing reads it yet, neither it nor TLS over it. So it is read into its buffer, up to its high-water mark: only a
          // read reports that the peer has reset it. Not at once, which costs TLS a twentieth of a handshake.
          if (get(handle, 'reading') !== true) apply(read, socket, [0]);
        });
        return socket;
      }
      // It may have been a connection whose peer has gone, so the runtime still learns of it.
      apply(close, handle, []);
      const gone = new ConnectedSocket(undefined, '');
      gone.destroy();
      return gone;
    },
  };
}

export interface OpenPassageOptions<S> {
  /** A Unix socket through which descriptors come. */
  readonly descriptor: number;
  /** Makes a buffer that a bundle, which gets views of it, cannot take from native code. */
  readonly bufferOf: (sizeBytes: number) => Uint8Array;
  readonly socketFor: (handle: object) => S;
  /** Reports why the enclave ends, and ends it. */
  readonly end: (reason: string, exitCode: number) => never;
  /** The other side: the host, or the platform that passes the channels of companions. */
  readonly peer?: 'platform';
}

export function openPassage<S>(
  require: NodeJS.Require,
  { descriptor, bufferOf, socketFor, end, peer }: OpenPassageOptions<S>,
): EnclavePassage<S> {
  const { internalBinding } = require('internal/test/binding') as {
    readonly internalBinding: (name: string) => object;
  };
  // Their shapes are those of the pinned interpreter, and each member is used below.
  const { Pipe, constants } = internalBinding('pipe_wrap') as PipeNatives;
  const { WriteWrap, streamBaseState, kReadBytesOrError } = internalBinding('stream_wrap') as StreamNatives;
  const Bytes = Uint8Array;
  const exitCodes = { hostGone: 0, platformGone: 3, passageBroken: 5 };
  const isOfPlatform = peer === 'platform';
  const who = isOfPlatform ? 'platform' : 'host';
  const frameBytes = 8;
  /** A host that does not read must not fill the memory of its enclave. */
  const maxUnsentBytes = 65_536;

  const pipe = new Pipe(constants.IPC);
  if (pipe.open(descriptor) !== 0) throw new Error('The passage cannot be opened.');
  // One buffer for all frames, one byte longer than a frame, so that a longer one is seen.
  const buffer = bufferOf(frameBytes + 1);
  const frame = buffer.subarray(0, frameBytes);
  pipe.useUserBuffer(buffer);

  const read = (arrived: Parameters<EnclavePassage<S>['start']>[0]): void => {
    const sizeBytes = streamBaseState[kReadBytesOrError] ?? 0;
    const handle = pipe.pendingHandle;
    pipe.pendingHandle = undefined;
    // Another thread or signal was faster: there is nothing to read.
    if (sizeBytes === 0) return;
    if (sizeBytes < 0) {
      return end(`The ${who} closed the passage.`, isOfPlatform ? exitCodes.platformGone : exitCodes.hostGone);
    }
    if (sizeBytes !== frameBytes || handle === undefined) {
      return end(`The ${who} sent something other than a frame with a descriptor.`, exitCodes.passageBroken);
    }
    try {
      return arrived(frame, socketFor(handle));
    } catch (error) {
      // The host broke a rule of the runtime.
      return end(error instanceof Error ? (error.stack ?? error.message) : String(error), exitCodes.passageBroken);
    }
  };

  let isStarted = false;
  return Object.freeze({
    start(arrived: Parameters<EnclavePassage<S>['start']>[0]): void {
      if (isStarted) throw new Error('The passage is read already.');
      isStarted = true;
      pipe.onread = () => read(arrived);
      if (pipe.readStart() !== 0) throw new Error('The passage cannot be read.');
    },
    send(notice: Uint8Array): void {
      if (pipe.writeQueueSize > maxUnsentBytes) {
        end(`The ${who} does not read the passage.`, exitCodes.passageBroken);
      }
      const request = new WriteWrap();
      // The kernel may take the bytes later, so the request keeps them.
      request.buffer = new Bytes(notice);
      // When this fails, so does reading.
      pipe.writeBuffer(request, request.buffer);
    },
  });
}

interface PipeNatives {
  readonly Pipe: new (type: number) => {
    open(descriptor: number): number;
    useUserBuffer(buffer: Uint8Array): void;
    readStart(): number;
    writeBuffer(request: object, bytes: Uint8Array): number;
    readonly writeQueueSize: number;
    onread: () => void;
    /** The handle that came with the bytes. */
    pendingHandle: object | undefined;
  };
  readonly constants: { readonly IPC: number };
}

interface StreamNatives {
  readonly WriteWrap: new () => { buffer?: Uint8Array };
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
}

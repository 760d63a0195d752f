import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createCaller, createDispatcher, type Caller } from '@enclos/edl';
import { encodeFrame, FrameKind } from '@enclos/gate';
import { hostChannel, MAX_IMAGE_CHUNK_BYTES, openChannel, type EnclaveExit } from '@enclos/tee';
import type { SignedImage } from '../workshop.ts';

/** A host that speaks the platform's protocol by hand, in any order. */
export interface Peer {
  readonly platform: Caller<(typeof hostChannel)['trusted']>;
  upload(image: Uint8Array): Promise<number>;
  /** EINIT without a connection to the gate. */
  initialize(signed: SignedImage): ReturnType<Peer['platform']['initialize']>;
  exited(enclave: bigint): Promise<EnclaveExit>;
  /** Breaks the connection off. */
  destroy(): void;
}

export async function connectPeer(socketPath: string): Promise<Peer> {
  const stream = connect(socketPath);
  await once(stream, 'connect');
  const exits = new Map<bigint, EnclaveExit>();
  const waiting = new Map<bigint, (exit: EnclaveExit) => void>();
  const serve = createDispatcher(hostChannel.untrusted, {
    exited({ enclave, exitCode, signal, detail }) {
      const exit = { exitCode, signal, detail };
      exits.set(enclave, exit);
      waiting.get(enclave)?.(exit);
    },
  });
  const endpoint = openChannel({
    stream,
    initiator: true,
    protocol: hostChannel,
    serve: (index, payload) => serve(index, payload, undefined),
  });
  await endpoint.ready;
  const platform = createCaller(hostChannel.trusted, ({ index, payload, maxResultBytes }) =>
    endpoint.invoke(0, index, payload, { maxResultBytes }),
  );
  const upload = async (image: Uint8Array): Promise<number> => {
    const id = await platform.create({ imageBytes: image.length });
    for (let at = 0; at < image.length; at += MAX_IMAGE_CHUNK_BYTES) {
      await platform.add({ upload: id, chunk: image.subarray(at, at + MAX_IMAGE_CHUNK_BYTES) });
    }
    return id;
  };
  return Object.freeze({
    platform,
    upload,
    async initialize({ image, signature }: SignedImage) {
      return platform.initialize({ upload: await upload(image), signature, debug: false, isolation: 'best' });
    },
    exited: (enclave: bigint) =>
      new Promise<EnclaveExit>((resolve) => {
        const known = exits.get(enclave);
        if (known === undefined) waiting.set(enclave, resolve);
        else resolve(known);
      }),
    destroy: () => void stream.destroy(),
  });
}

/** A connection on which nothing is said but what the test says. */
export async function connectRaw(socketPath: string): Promise<Socket> {
  const socket = connect(socketPath).on('error', () => undefined);
  await once(socket, 'connect');
  return socket.resume();
}

export function ended(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

/** A frame as the gate writes it. */
export function frame(kind: 'hello' | 'call', payload: Uint8Array, functionIndex = 0, callId = 1): Uint8Array {
  return encodeFrame({
    kind: kind === 'hello' ? FrameKind.HELLO : FrameKind.CALL,
    table: 0,
    functionIndex,
    callId: kind === 'hello' ? 0 : callId,
    parentCallId: 0,
    timeoutMs: 0,
    payload,
  });
}

import type { ConnectOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
// Alone: the bundle of an enclave is made of what the driver imports, and other files of that package are for programs of Node.
import { systemReason } from '@enclos/diagnostics/system-reason';
import { EnclosError } from '@enclos/errors';
import { streamTransport, type Transport } from '@enclos/gate';
import { connectToSocket } from '../unix-socket.ts';

const readBufferBytes = 65_536;
const largeWrites = { writableHighWaterMark: 262_144 };

/** Where the next bytes of a stream go, or undefined: into its one buffer. */
export type ReadRoom = () => Uint8Array | undefined;

const takesRoom = new WeakMap<object, (room: ReadRoom) => void>();

/**
 * Reads the bytes of the gate of a launched enclave where `room` says, before each read, so that a large message is not copied
 * once more. Without an effect on other streams.
 */
export function readInto(stream: object, room: ReadRoom): void {
  takesRoom.get(stream)?.(room);
}

/** The transport of a stream with such reads: a large message is read where it stays. */
export function transportInto(stream: Duplex, transport: Transport = streamTransport(stream)): Transport {
  return {
    ...transport,
    start(events) {
      readInto(stream, () => events.room?.());
      transport.start(events);
    },
  };
}

/**
 * Every read goes to one buffer, unless `readInto` says where: otherwise a message of a few bytes costs an
 * allocation of 64 KiB. So a chunk is valid only until its listener returns.
 */
export function connectFrugally(path: string): Socket {
  return readFrugally((reads) => connectToSocket(path, { ...reads, ...largeWrites }));
}

/**
 * The same for a socket that `make` makes with these options.
 * @returns it, paused: a chunk without a listener would be lost, so the listener resumes it
 */
export function readFrugally(make: (reads: ConnectOpts) => Socket): Socket {
  const shared = new Uint8Array(readBufferBytes);
  let room: ReadRoom = () => undefined;
  const callback = (sizeBytes: number, buffer: Uint8Array): boolean => {
    socket.emit('data', buffer.subarray(0, sizeBytes));
    return true;
  };
  const socket = make({ onread: { buffer: () => room() ?? shared, callback } });
  takesRoom.set(socket, (given) => (room = given));
  return socket.pause();
}

/** @throws TEE_PLATFORM_UNREACHABLE when nothing answers there. */
export function connected(socket: Socket, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // A caller that ends an enclave without using its gate must not get an unhandled error from the broken connection.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      const why = systemReason(cause) ?? cause.message;
      const details = { path, ...(cause.code === undefined ? {} : { reason: cause.code }) };
      const message = `No platform answers at ${path}: ${why}.`;
      reject(new EnclosError('TEE_PLATFORM_UNREACHABLE', message, { details, cause }));
    });
  });
}

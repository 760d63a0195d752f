import type { ConnectOpts, Socket } from 'node:net';
import { MAX_STREAM_CHUNK_BYTES } from '@enclos/gate';
import { socketWith, type HeldConnection } from '@enclos/tee/passing';

/**
 * The buffer into which all relayed sockets are read: the bytes of one socket are copied out before the next one is read.
 * Without it Node allocates 64 KiB for each read and frees most of it, which for requests of half a kilobyte is a sixth of the
 * host's work.
 */
const buffer = Buffer.allocUnsafeSlow(MAX_STREAM_CHUNK_BYTES);

interface RelayedSocketOptions extends ConnectOpts {
  readonly allowHalfOpen: true;
  readonly highWaterMark: number;
}

/** Options for a new socket. It reports bytes by `data`, as every socket does. */
export function relayedSocketOptions(socketOf: () => Socket): RelayedSocketOptions {
  return {
    allowHalfOpen: true,
    highWaterMark: MAX_STREAM_CHUNK_BYTES,
    onread: {
      buffer,
      callback(sizeBytes) {
        socketOf().emit('data', buffer.subarray(0, sizeBytes));
        return true;
      },
    },
  };
}

/** Turns a connection that was accepted into a paused socket with shared reads. */
export function relayedSocket(connection: HeldConnection): Socket {
  const socket: Socket = socketWith(
    connection,
    relayedSocketOptions(() => socket),
  );
  // The code that relays it sees its state.
  socket.on('error', () => undefined);
  return socket;
}

import { Socket, type ConnectOpts } from 'node:net';
import { MAX_STREAM_CHUNK_BYTES } from '@enclos/gate';

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

/**
 * Turns a paused socket that a server has accepted into a socket with shared reads: servers have no such option, but they make
 * their sockets from handles, and so can we. A socket without a handle is returned unchanged.
 */
export function withSharedReads(accepted: Socket): Socket {
  const holder = accepted as { _handle?: unknown };
  const handle = holder._handle;
  if (typeof handle !== 'object' || handle === null) return accepted;
  holder._handle = null;
  accepted.destroy();
  const options = { ...relayedSocketOptions(() => socket), handle, pauseOnCreate: true };
  const socket: Socket = new Socket(options);
  return socket;
}

import { Socket, type ConnectOpts } from 'node:net';
import { MAX_STREAM_CHUNK_BYTES } from '@enclos/gate';

/**
 * What relayed sockets are read into, all of them: what one gave is copied out
 * before the next one is read. Without it Node takes fresh 64 KiB for each read
 * and gives most of it back, which for requests of half a kilobyte is a sixth
 * of the host's work.
 */
const buffer = Buffer.allocUnsafeSlow(MAX_STREAM_CHUNK_BYTES);

interface RelayedSocketOptions extends ConnectOpts {
  readonly allowHalfOpen: true;
  readonly highWaterMark: number;
}

/** For a socket that is made. It tells of what comes as every socket does, by `data`. */
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
 * The connection of a paused socket that a server has accepted, as a socket of
 * that kind: a server has no such option, but it makes its sockets from handles,
 * and so can we. Where a socket has no handle to give, it is the socket as it was.
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

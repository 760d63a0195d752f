import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { connectToSocket } from '@enclos/tee/unix-socket';
import { keepAliveMs } from '@enclos/tee/passing';
import type { StreamAddress } from './addresses.ts';
import { relayedSocketOptions } from './shared-reads.ts';

/** Connects for a destination that is relayed. @throws STREAM_CONNECT_FAILED, also when the signal aborts */
export function connectRelayed(address: StreamAddress, signal: AbortSignal): Promise<Socket> {
  const options = { ...relayedSocketOptions(() => socket), noDelay: true, signal };
  const { path, ...network } = address;
  const socket: Socket =
    path === undefined ? connect({ ...network, ...options } as TcpNetConnectOpts) : connectToSocket(path, options);
  return connected(socket);
}

/**
 * Connects for a destination that is passed. Nothing is read: the first bytes are the enclave's too.
 * @throws STREAM_CONNECT_FAILED, also when the signal aborts
 */
export function connectUnread(address: StreamAddress, signal: AbortSignal): Promise<Socket> {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs, signal };
  const socket = connect({ ...address, ...options } as TcpNetConnectOpts);
  return connected(socket.pause());
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    // Never removed: readers and writers see an error after the connection.
    socket.on('error', (cause) => reject(new EnclosError('STREAM_CONNECT_FAILED', undefined, { cause })));
  });
}

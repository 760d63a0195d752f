import { Socket, type SocketConstructorOpts } from 'node:net';
import type { ConnectionHandle, HeldConnection } from './passing.ts';

/**
 * How long nothing moves in a passed connection before the first probe, in milliseconds. The host asks for probes, because the filter of
 * an enclave refuses every option of a socket.
 */
export const keepAliveMs = 60_000;

export function isHandle(value: unknown): value is ConnectionHandle {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';
}

/** Closes a connection that is not needed. */
export function discard(connection: HeldConnection): void {
  if (connection instanceof Socket) connection.destroy();
  else connection.close();
}

/**
 * Takes the handle out of a connection, whose socket is over then.
 * @returns undefined when the connection is closed already.
 */
export function takeHandle(connection: HeldConnection): ConnectionHandle | undefined {
  if (!(connection instanceof Socket)) return connection;
  const holder = connection as { _handle?: unknown };
  const handle = holder._handle;
  if (!isHandle(handle)) return undefined;
  holder._handle = null;
  connection.destroy();
  return handle;
}

/**
 * Takes the handle out of a pipe of a child that was made in this turn of the event loop: Node begins to read it at once, and reads with
 * the next turn.
 * @returns undefined for anything else
 */
export function takeUnread(stream: unknown): ConnectionHandle | undefined {
  const handle = stream instanceof Socket ? takeHandle(stream) : undefined;
  const stop: unknown = handle && Reflect.get(handle, 'readStop');
  if (typeof stop === 'function') Reflect.apply(stop, handle, []);
  return handle;
}

/**
 * Makes a paused socket with these options from a connection. Servers have no such options, but they make their sockets from
 * handles, and so can we.
 */
export function socketWith(connection: HeldConnection, options: SocketConstructorOpts): Socket {
  const handle = takeHandle(connection);
  // A socket without a handle is closed, and says so to the code that gets it.
  if (handle === undefined) return connection instanceof Socket ? connection : new Socket(options).destroy();
  const withHandle = { ...options, handle, pauseOnCreate: true };
  return new Socket(withHandle);
}

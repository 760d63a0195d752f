import { closeSync, constants, openSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { connect, Socket, type IpcNetConnectOpts, type Server } from 'node:net';
import { basename, dirname } from 'node:path';

/** unix(7): sun_path has 108 bytes, one of them for the zero at its end. */
const maxAddressBytes = 107;
/** `/proc/self/fd/`, a descriptor of at most seven digits, and a slash. */
const maxPrefixBytes = 22;

/**
 * The most bytes of the last part of a socket's path, in UTF-8. The folders before it may be as long as the file system allows.
 */
export const maxSocketNameBytes = maxAddressBytes - maxPrefixBytes;

/** open(2) on Linux, the same on x64 and arm64; Node has no name for it. It needs no permission on the opened file. */
const oPath = 0o10_000_000;

/** An address that fits in sun_path. It is valid until `release`. */
export interface SocketAddress {
  readonly path: string;
  release(): void;
}

/**
 * The kernel takes at most 107 bytes of a path, however long the path of a folder may be. A longer one is reached through
 * a descriptor of its folder: `/proc/self/fd/N/NAME` (proc_pid_fd(5)). The socket is still in the user's folder, with that
 * folder's permissions, so there is no second place that another user could occupy first.
 */
function addressFor(path: string, open: () => { readonly descriptor: number; readonly name: string }): SocketAddress {
  if (Buffer.byteLength(path) <= maxAddressBytes) return { path, release: () => undefined };
  const { descriptor, name } = open();
  let isOpen = true;
  return {
    path: `/proc/self/fd/${descriptor}${name}`,
    release() {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    },
  };
}

/** @throws ENAMETOOLONG, and the errors of open(2) for the folder */
function addressForListening(path: string): SocketAddress {
  return addressFor(path, () => {
    const name = basename(path);
    if (Buffer.byteLength(name) > maxSocketNameBytes) {
      const text = `The name of a socket has at most ${maxSocketNameBytes} bytes: ${name}`;
      throw Object.assign(new Error(text), { code: 'ENAMETOOLONG' });
    }
    return { descriptor: openSync(dirname(path), oPath | constants.O_DIRECTORY), name: `/${name}` };
  });
}

/**
 * The address by which a socket is connected to. The socket itself is opened, so its name may have any length.
 * @throws the errors of open(2)
 */
export function addressForConnecting(path: string): SocketAddress {
  return addressFor(path, () => ({ descriptor: openSync(path, oPath), name: '' }));
}

/**
 * Listens on a Unix socket whose path may have any length. A path of more than 107 bytes needs /proc, and a name of at
 * most {@link maxSocketNameBytes} bytes. The socket exists before this function returns its promise.
 *
 * Rejects with the error of listening, or of opening the folder (`code` as in errno(3)).
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  const address = addressForListening(path);
  // Closing the server removes the socket by its address, so the folder stays open until then.
  server.once('close', () => address.release());
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      address.release();
      reject(error.code === 'EACCES' ? missingFolder(path, error) : error);
    };
    server.once('error', refused);
    server.listen(address.path, () => {
      server.off('error', refused);
      resolve();
    });
  });
}

/**
 * As {@link listenOnSocket}, on a socket to which, from its first moment, only the user of this process (and root) can connect.
 * Connecting needs write permission (unix(7)). The mask applies to the whole process, but files made meanwhile only become more
 * private.
 */
export function listenForOwner(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o077);
  try {
    // The socket appears before the promise is returned.
    return listenOnSocket(server, path);
  } finally {
    process.umask(mask);
  }
}

/** libuv also reports EACCES for a folder that does not exist, as on Windows. This tells the two cases apart. */
function missingFolder(path: string, refusal: Error): Error {
  try {
    closeSync(openSync(dirname(path), oPath | constants.O_DIRECTORY));
    return refusal;
  } catch (error) {
    return error instanceof Error ? error : refusal;
  }
}

/**
 * Connects to a Unix socket whose path may have any length; one of more than 107 bytes needs /proc. As with `connect` of
 * node:net, failures are emitted as an `error` of the socket.
 */
export function connectToSocket(path: string, options: Omit<IpcNetConnectOpts, 'path'> = {}): Socket {
  let address: SocketAddress;
  try {
    address = addressForConnecting(path);
  } catch (error) {
    return new Socket(options).destroy(error instanceof Error ? error : new Error(String(error)));
  }
  const socket = connect({ ...options, path: address.path });
  socket.once('connect', () => address.release());
  socket.once('close', () => address.release());
  return socket;
}

/** The state of a path: a process answers, the socket's process is gone, nothing is there, or the state is not known. */
export type SocketState = 'answers' | 'refuses' | 'absent' | 'unknown';

const states: Readonly<Record<string, SocketState>> = {
  // The queue of a process that is too busy to accept is full (unix(7)).
  EAGAIN: 'answers',
  ECONNREFUSED: 'refuses',
  ENOENT: 'absent',
};

/** Whether a process accepts connections at a Unix socket. A killed process leaves its socket, which then refuses. */
export async function isListening(path: string): Promise<boolean> {
  return (await socketStateAt(path)) === 'answers';
}

/** Connects once to find out. */
export function socketStateAt(path: string): Promise<SocketState> {
  return new Promise((resolve) => {
    const socket = connectToSocket(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve('answers');
    });
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(states[code] ?? 'unknown'));
  });
}

/**
 * Makes way for a server: removes the socket of a process that was killed.
 * @returns what is there instead, and stays: a file that is not a socket, or a socket that may be in use. Undefined when the path is free.
 */
export async function removeDeadSocket(path: string): Promise<'file' | 'in-use' | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isSocket()) return 'file';
  const state = await socketStateAt(path);
  if (state !== 'refuses' && state !== 'absent') return 'in-use';
  await rm(path, { force: true });
  return undefined;
}

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { underDeadline, untilAborted } from '@enclos/bounded';
import { listenOnSocket, socketStateAt } from '@enclos/tee/unix-socket';
import {
  createNoticeReader,
  maxGreetingBytes,
  parseGreeting,
  type RunningEnclave,
  type StartedEnclave,
  type ToolGreeting,
} from './greeting.ts';
import { createLineReader } from './lines.ts';

export interface ToolSocketOptions {
  readonly logLevel: number;
  /** An enclave of the host program runs. */
  readonly onStarted?: (enclave: RunningEnclave) => void;
  /** The inspector of an enclave: what came with the greeting is put back. */
  readonly onInspector?: (stream: Socket, enclave: StartedEnclave) => void;
}

/** Where host programs find the developer's tool that started them. */
export interface ToolSocket {
  readonly path: string;
  setLogLevel(level: number): void;
  /** Resolves when all that a host program told before it ended has arrived. It waits a second at most: a child of it may hold a connection. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const greetingTimeoutMs = 10_000;
const settleTimeoutMs = 1000;
const prefix = 'enclos-tool-';
const socketName = 't.sock';

/**
 * Listens in a folder that only this user can enter, and removes those of tools that were killed.
 * @param parent where the folder is made.
 */
export async function openToolSocket(options: ToolSocketOptions, parent: string = tmpdir()): Promise<ToolSocket> {
  await removeStaleFolders(parent);
  // mkdtemp makes it with mode 0700.
  const folder = await mkdtemp(join(parent, prefix));
  const path = join(folder, socketName);
  const connections = new Set<Socket>();
  const controls = new Set<Socket>();
  let level = options.logLevel;
  const greeted = (socket: Socket, greeting: ToolGreeting): void => {
    if (greeting.kind === 'inspector') {
      if (options.onInspector === undefined) socket.destroy();
      else options.onInspector(socket, greeting);
      return;
    }
    controls.add(socket.once('close', () => controls.delete(socket)));
    socket.write(`${level}\n`);
    readStarted(socket, (enclave) => options.onStarted?.(enclave));
  };
  const server = createServer((socket) => {
    connections.add(socket.once('close', () => connections.delete(socket)));
    socket.on('error', () => socket.destroy());
    readGreeting(socket, greeted);
  });
  await listenOnSocket(server, path);
  return Object.freeze({
    path,
    setLogLevel(wanted: number) {
      level = wanted;
      for (const socket of controls) socket.write(`${level}\n`);
    },
    async settled() {
      const open = [...connections].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      const settled = underDeadline(settleTimeoutMs, (signal) => untilAborted(signal, Promise.all(open)));
      // It is late: what has not arrived is not told.
      await settled.catch(() => undefined);
    },
    async close() {
      for (const socket of connections) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  });
}

/** The process of a socket that refuses connections is gone, so its folder can go too. */
async function removeStaleFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
    const folder = join(parent, name);
    const found = await stat(folder).catch(() => undefined);
    if (found?.uid !== process.getuid?.() || (await socketStateAt(join(folder, socketName))) !== 'refuses') continue;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reads up to the end of the first line, and not further. */
function readGreeting(socket: Socket, greeted: (socket: Socket, greeting: ToolGreeting) => void): void {
  const timer = setTimeout(() => socket.destroy(), greetingTimeoutMs);
  socket.once('close', () => clearTimeout(timer));
  let seen = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf('\n');
    if (end === -1 && seen.length <= maxGreetingBytes) return;
    clearTimeout(timer);
    socket.off('data', take).pause();
    const greeting = parseGreeting(seen.toString('latin1', 0, Math.max(0, end)));
    if (greeting === undefined) {
      socket.destroy();
      return;
    }
    const rest = seen.subarray(end + 1);
    if (rest.length > 0) socket.unshift(rest);
    greeted(socket, greeting);
  };
  socket.on('data', take);
}

function readStarted(socket: Socket, onStarted: (enclave: RunningEnclave) => void): void {
  const read = createNoticeReader(onStarted);
  const reader = createLineReader(maxGreetingBytes);
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const line of reader.push(chunk)) read(line);
    } catch {
      socket.destroy();
    }
  });
  socket.resume();
}

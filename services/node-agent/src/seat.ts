import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { hasCode } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';
import { connectToSocket, listenForOwner, removeDeadSocket } from '@enclos/tee/unix-socket';

/** The place of the one agent of a node that serves. */
export interface Seat {
  /** Leaves it to an agent that stands by. */
  leave(): Promise<void>;
}

export interface SeatOptions {
  /** A socket that only root can reach. */
  readonly path: string;
  /** Another agent serves: this one waits until that one has ended, however it ends. */
  readonly standingBy: () => void;
}

/** Agents that stand by. A rollout has one. */
const maxWaiting = 16;
/** Lost races for a free seat, not the wait for it: that has no end. */
const maxTries = 100;

/**
 * Takes the seat, or stands by until it is free: by a connection to the agent that has it, which the kernel ends with that agent. So
 * the next agent of a node is loaded and waits when the present one ends, and serves at once.
 * Two that wait for one that was killed may both take the seat; then the platform refuses to open twice (PLATFORM_USERS_REFUSED).
 * @throws AGENT_FOLDER_REFUSED
 */
export async function takeSeat({ path, standingBy }: SeatOptions): Promise<Seat> {
  let isTold = false;
  for (let tries = 0; tries < maxTries; tries += 1) {
    const holder = await reach(path);
    if (holder !== undefined) {
      if (!isTold) standingBy();
      isTold = true;
      tries = 0;
      await gone(holder);
    }
    const seat = await sit(path);
    if (seat !== undefined) return seat;
  }
  throw new EnclosError('AGENT_FOLDER_REFUSED', `The agent cannot listen at ${path}.`);
}

/** @returns undefined when no agent is there */
async function reach(path: string): Promise<Socket | undefined> {
  const socket = connectToSocket(path);
  const connected = once(socket, 'connect').then(
    () => true,
    () => false,
  );
  return (await connected) ? socket : undefined;
}

async function gone(holder: Socket): Promise<void> {
  holder.on('error', () => undefined).resume();
  if (!holder.closed) await new Promise<void>((resolve) => holder.once('close', () => resolve()));
}

/** @returns undefined when another agent was faster */
async function sit(path: string): Promise<Seat | undefined> {
  if ((await removeDeadSocket(path)) !== undefined) return undefined;
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    if (waiting.size >= maxWaiting) return void socket.destroy();
    waiting.add(socket);
    socket.on('error', () => undefined).once('close', () => waiting.delete(socket));
    socket.resume();
  });
  try {
    await listenForOwner(server, path);
  } catch (cause) {
    if (hasCode(cause, 'EADDRINUSE')) return undefined;
    throw new EnclosError('AGENT_FOLDER_REFUSED', `The agent cannot listen at ${path}.`, { cause });
  }
  return Object.freeze({ leave: () => close(server, waiting) });
}

function close(server: Server, waiting: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of waiting) socket.destroy();
  });
}

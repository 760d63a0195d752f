import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BareInterpreter } from './sandbox.ts';

/**
 * What an enclave is measured against: the same interpreter with a socket of the
 * same kind, made and handed over in the same way, that answers bytes with bytes.
 */
export interface BareEcho {
  /** Sends `bytes` and resolves when as many have come back. One at a time. */
  roundTrip(bytes: Uint8Array): Promise<void>;
  /** Sends one frame, and resolves when its echo is there. Any number at a time. */
  frame(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Echoes whatever arrives, in the pieces in which it arrives. */
const echoBytes = `
const socket = new (require('node:net').Socket)({ fd: 3 });
socket.on('data', (chunk) => void socket.write(chunk));
socket.on('close', () => process.exit());`;

/** Cuts the stream into frames and answers each; the answers to one piece go out together, as those of a gate do. */
const echoFrames = `
const socket = new (require('node:net').Socket)({ fd: 3 });
let rest = Buffer.alloc(0);
socket.on('data', (chunk) => {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  const answers = [];
  let at = 0;
  while (bytes.length - at >= 4) {
    const next = at + 4 + bytes.readUInt32LE(at);
    if (next > bytes.length) break;
    answers.push(bytes.subarray(at, next));
    at = next;
  }
  rest = bytes.subarray(at);
  if (answers.length > 0) socket.write(answers.length === 1 ? answers[0] : Buffer.concat(answers));
});
socket.on('close', () => process.exit());`;

export async function startBareEcho(
  interpreter: BareInterpreter,
  { framed, sandboxed }: { readonly framed: boolean; readonly sandboxed: boolean },
): Promise<BareEcho> {
  const folder = await mkdtemp(join(tmpdir(), 'enclos-bench-'));
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, 'echo'));
  await once(server, 'listening');
  const socket = connect(join(folder, 'echo'));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const child = interpreter.start(framed ? echoFrames : echoBytes, {
    sandboxed,
    stdio: ['ignore', 'ignore', 'inherit', accepted],
  });
  accepted.destroy();
  server.close();
  const gone = once(child, 'close');
  return {
    ...(framed ? framedClient(socket) : byteClient(socket)),
    async close() {
      socket.destroy();
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

function byteClient(socket: Socket): Omit<BareEcho, 'close'> {
  let missing = 0;
  let arrived = (): void => undefined;
  socket.on('data', (chunk: Uint8Array) => {
    missing -= chunk.length;
    if (missing === 0) arrived();
  });
  const roundTrip = async (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      missing = bytes.length;
      arrived = resolve;
      socket.write(bytes);
    });
  return { roundTrip, frame: roundTrip };
}

/** Frames of one turn go out together, as those of a gate do. */
function framedClient(socket: Socket): Omit<BareEcho, 'close'> {
  const waiting: (() => void)[] = [];
  let answered = 0;
  let outgoing: Uint8Array[] = [];
  let rest: Uint8Array = new Uint8Array();
  const flush = (): void => {
    socket.write(Buffer.concat(outgoing));
    outgoing = [];
  };
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const next = at + 4 + bytes.readUInt32LE(at);
      if (next > bytes.length) break;
      waiting[answered++]?.();
      at = next;
    }
    rest = bytes.subarray(at);
    if (answered === waiting.length) answered = waiting.length = 0;
  });
  const frame = async (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (outgoing.push(bytes) === 1) queueMicrotask(() => queueMicrotask(flush));
    });
  return { roundTrip: frame, frame };
}

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';
import { createHostProof, GateMessageBytes } from '../gramine/gate-proof.ts';
import { readExactly } from '../gramine/read-exactly.ts';

/** The host's end of a gate that is not connected yet. */
export interface GateListener {
  readonly port: number;
  /** Resolves with the one connection that proves itself, paused. Rejects with GATE_CANCELLED when closed earlier. */
  readonly connected: Promise<Socket>;
  /** Idempotent. */
  close(): void;
}

/** How long a connection may take to prove itself. */
const proofTimeoutMs = 10_000;
/**
 * The most connections that have not proved anything. One more ends the oldest, so that silent ones cannot keep the enclave
 * out.
 */
const maxStrangers = 16;

/** Listens on a loopback port that the kernel chooses; the first connection that knows `token` gets the gate. */
export async function listenForGate(token: Uint8Array): Promise<GateListener> {
  const server = createServer({ noDelay: true });
  const strangers = new Set<Socket>();
  let settle: { resolve(socket: Socket): void; reject(error: Error): void } | undefined;
  const connected = new Promise<Socket>((resolve, reject) => (settle = { resolve, reject }));
  // Callers that close without waiting must not get an unhandled rejection.
  connected.catch(() => undefined);
  const close = (): void => {
    server.close();
    for (const socket of strangers) socket.destroy();
    strangers.clear();
    settle?.reject(new EnclosError('GATE_CANCELLED'));
  };
  server.on('connection', (socket) => {
    admit(strangers, socket);
    prove(socket, token).then(
      () => {
        // Only one can be first: the token is for one use.
        if (!strangers.delete(socket)) return void socket.destroy();
        settle?.resolve(socket);
        settle = undefined;
        close();
      },
      () => {
        strangers.delete(socket);
        socket.destroy();
      },
    );
  });
  const port = await boundPort(server);
  return Object.freeze({ port, connected, close });
}

async function boundPort(server: Server): Promise<number> {
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('A TCP server has a port.');
  return address.port;
}

function admit(strangers: Set<Socket>, socket: Socket): void {
  socket.on('error', () => undefined);
  for (const oldest of strangers) {
    if (strangers.size < maxStrangers) break;
    strangers.delete(oldest);
    oldest.destroy();
  }
  strangers.add(socket);
}

async function prove(socket: Socket, token: Uint8Array): Promise<void> {
  const { challenge, accept } = createHostProof(token);
  socket.write(challenge);
  socket.write(accept(await readExactly(socket, { sizeBytes: GateMessageBytes.answer, timeoutMs: proofTimeoutMs })));
}

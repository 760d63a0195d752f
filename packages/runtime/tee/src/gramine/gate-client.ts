import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { EnclosError } from '@enclos/errors';
import { createEnclaveProof, GateMessageBytes } from './gate-proof.ts';
import type { GateTicket } from './gate-ticket.ts';
import { readExactly } from './read-exactly.ts';

const timeoutMs = 10_000;
/** A host under a flood of connections may drop a genuine one. */
const attempts = 5;
const betweenMs = 100;

/**
 * The enclave's end of the gate, from inside Gramine, which has no Unix sockets to the outside. As with every gate, the host
 * chooses what arrives.
 * @returns the gate, paused.
 * @throws TEE_GATE_REFUSED, TEE_PROTOCOL_MISMATCH
 */
export async function connectGramineGate(ticket: GateTicket): Promise<Duplex> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openGate(ticket);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, betweenMs * attempt));
  }
}

async function openGate({ port, token }: GateTicket): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => undefined);
  try {
    const challenge = await readExactly(socket, { sizeBytes: GateMessageBytes.challenge, timeoutMs });
    const { answer, confirm } = createEnclaveProof(token, challenge);
    socket.write(answer);
    confirm(await readExactly(socket, { sizeBytes: GateMessageBytes.confirmation, timeoutMs }));
    return socket;
  } catch (error) {
    socket.destroy();
    if (error instanceof EnclosError) throw error;
    throw new EnclosError('TEE_GATE_REFUSED', undefined, { cause: error });
  }
}

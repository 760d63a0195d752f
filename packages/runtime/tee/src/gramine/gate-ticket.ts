import { fromHex, toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';

export const GATE_TOKEN_BYTES = 32;
const maxTicketBytes = 128;

/**
 * Where the host listens, and the secret by which the enclave proves itself to it. It goes through the standard input of the
 * process that the host starts, because arguments and environment are visible under /proc.
 */
export interface GateTicket {
  readonly port: number;
  /** 32 bytes. */
  readonly token: Uint8Array;
}

/** One line of ASCII. */
export function encodeGateTicket({ port, token }: GateTicket): Uint8Array {
  return new TextEncoder().encode(`enclos-gate-1 ${port} ${toHex(token)}\n`);
}

const pattern = /^enclos-gate-1 ([1-9][0-9]{0,4}) ([0-9a-f]{64})\n$/;

/** @throws TEE_PROTOCOL_MISMATCH for anything that {@link encodeGateTicket} does not write. */
export function parseGateTicket(bytes: Uint8Array): GateTicket {
  const text = bytes.length > maxTicketBytes ? '' : String.fromCharCode(...bytes);
  const [, port, token] = pattern.exec(text) ?? [];
  if (port === undefined || token === undefined || Number(port) > 65_535) {
    throw new EnclosError('TEE_PROTOCOL_MISMATCH', 'What came is not the ticket of a gate.');
  }
  return Object.freeze({ port: Number(port), token: fromHex(token) });
}

/**
 * Reads a ticket from a stream that then ends.
 * @throws TEE_PROTOCOL_MISMATCH when the stream holds anything else, or is too long.
 */
export async function readGateTicket(stream: AsyncIterable<Uint8Array>): Promise<GateTicket> {
  let held = new Uint8Array();
  for await (const chunk of stream) {
    held = Uint8Array.from([...held, ...chunk.subarray(0, maxTicketBytes + 1)]);
    if (held.length > maxTicketBytes) break;
  }
  return parseGateTicket(held);
}

import type { Duplex } from 'node:stream';
import { giveBack } from '@enclos/edl';
import { LARGE_PAYLOAD_BYTES, streamTransport, type Transport } from '@enclos/gate';
import { transportInto } from '@enclos/tee';

/** The memory of messages that are sent once, and that no other code holds. */
const sentOnce = new WeakSet<ArrayBufferLike>();

/** Marks the message of a call, which this process makes, sends and never reads again. */
export function toSendOnce(message: Uint8Array): Uint8Array {
  if (message.length >= LARGE_PAYLOAD_BYTES) sentOnce.add(message.buffer);
  return message;
}

/**
 * The gate's end at the host. A large message is read where it stays. The memory of a large message is reused for the next one as soon as the kernel has taken it all.
 */
export function gateTransport(gate: Duplex): Transport {
  const transport = streamTransport(gate, (message) => {
    if (sentOnce.delete(message.buffer)) giveBack(message);
  });
  return transportInto(gate, transport);
}

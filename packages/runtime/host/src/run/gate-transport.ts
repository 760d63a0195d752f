import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { giveBack, reuseMessages } from '@enclos/edl';
import { LARGE_PAYLOAD_BYTES, streamTransport, type Transport } from '@enclos/gate';
import { readInto } from '@enclos/tee';

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
  const transport = streamTransport(gate);
  // Other streams may pass on the memory that they are given.
  if (!(gate instanceof Socket)) return transport;
  reuseMessages();
  return {
    ...transport,
    start(events) {
      readInto(gate, () => events.room?.());
      transport.start(events);
    },
    send(bytes) {
      if (bytes.length < LARGE_PAYLOAD_BYTES || !sentOnce.delete(bytes.buffer)) return transport.send(bytes);
      return gate.write(bytes, (error) => {
        if (error === undefined || error === null) giveBack(bytes);
      });
    },
  };
}

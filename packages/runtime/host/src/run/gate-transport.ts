import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { giveBack, reuseMessages } from '@enclos/edl';
import { LARGE_PAYLOAD_BYTES, streamTransport, type Transport } from '@enclos/gate';

/** The memory of messages that were made to be sent once, and that nobody else has. */
const sentOnce = new WeakSet<ArrayBufferLike>();

/** The message of one call, which this process makes, sends and never looks at again. */
export function toSendOnce(message: Uint8Array): Uint8Array {
  if (message.length >= LARGE_PAYLOAD_BYTES) sentOnce.add(message.buffer);
  return message;
}

/** The gate's end at the host. The memory of a large message is used for the next one as soon as the kernel has it all. */
export function gateTransport(gate: Duplex): Transport {
  const transport = streamTransport(gate);
  // Other streams may hand on the memory that they are given.
  if (!(gate instanceof Socket)) return transport;
  reuseMessages();
  return {
    ...transport,
    send(bytes) {
      if (bytes.length < LARGE_PAYLOAD_BYTES || !sentOnce.delete(bytes.buffer)) return transport.send(bytes);
      return gate.write(bytes, (error) => {
        if (error === undefined || error === null) giveBack(bytes);
      });
    },
  };
}

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MessageChannel } from 'node:worker_threads';

/** Node takes new memory for each read of a socket that was accepted, so much at most. */
const readBytes = 65_536;

/** What is transferred to a port that leads nowhere is freed (HTML, message port post message steps). */
const { port1: nowhere } = new MessageChannel();
nowhere.close();

/**
 * Frees the memory of large reads of a connection at once. The garbage collector counts such memory, and an image of a few MiB would
 * start it.
 *
 * Call it after the listener that reads the connection, which copies what it keeps.
 */
export function freeReads(connection: Duplex): void {
  if (!(connection instanceof Socket)) return;
  connection.on('data', ({ buffer, length }: Uint8Array) => {
    // A chunk with other bytes beside it is not a read by itself.
    const isWhole = buffer.byteLength === length && length >= readBytes / 2;
    if (isWhole && buffer instanceof ArrayBuffer) nowhere.postMessage(undefined, [buffer]);
  });
}

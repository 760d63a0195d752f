import type { Duplex } from 'node:stream';

/** Sends a request, and waits until `answerBytes` are back: without a number, as many as were sent. */
export function exchange(socket: Duplex, request: Uint8Array, answerBytes = request.length): Promise<void> {
  let missing = answerBytes;
  return new Promise((resolve) => {
    const read = (chunk: Buffer): void => {
      missing -= chunk.length;
      if (missing > 0) return;
      socket.off('data', read);
      resolve();
    };
    socket.on('data', read);
    socket.write(request);
  });
}

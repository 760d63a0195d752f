import { connect } from 'node:net';

/** Whether somebody accepts connections at a Unix socket; a killed process leaves the socket, and nobody behind it. */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

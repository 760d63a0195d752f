import type { Socket } from 'node:net';
import { EnclosError } from '@enclos/errors';

export interface ReadOptions {
  readonly sizeBytes: number;
  readonly timeoutMs: number;
}

/**
 * Reads so many bytes and leaves the rest in the socket, which is paused afterwards: the following bytes belong to the gate.
 * @throws TEE_GATE_REFUSED when it ends, breaks or stays silent first.
 */
export function readExactly(socket: Socket, { sizeBytes, timeoutMs }: ReadOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      socket.off('readable', look).off('end', broken).off('close', broken).off('error', broken);
      socket.pause();
      finish();
    };
    const broken = (cause?: unknown): void =>
      settle(() => reject(new EnclosError('TEE_GATE_REFUSED', 'The connection ended in its first bytes.', { cause })));
    const look = (): void => {
      const found: unknown = socket.read(sizeBytes);
      // At the end of the stream, `read` returns the fewer bytes that are left.
      if (!(found instanceof Uint8Array) || found.length !== sizeBytes) return;
      settle(() => resolve(new Uint8Array(found)));
    };
    const timer = setTimeout(() => {
      settle(() => reject(new EnclosError('TEE_GATE_REFUSED', 'The other end of the gate stayed silent.')));
    }, timeoutMs);
    socket.on('end', broken).on('close', broken).on('error', broken).on('readable', look);
    if (socket.destroyed) broken();
    else look();
  });
}

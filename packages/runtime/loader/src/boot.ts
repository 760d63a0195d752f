/**
 * How the process of an enclave, and that of a companion, gets what the platform gives it. Like the other parts of the loader these are
 * turned into text on their own, so they must not refer to anything outside themselves.
 */

/** Asks for the boot data, and takes it: so many sections, each after its length (u32). */
export function readBoot(require: NodeJS.Require, descriptor: number, count: number): readonly Buffer[] {
  const fs = require('node:fs') as typeof import('node:fs');
  const take = (sizeBytes: number): Buffer => {
    const buffer = Buffer.allocUnsafeSlow(sizeBytes);
    for (let at = 0; at < sizeBytes;) {
      const read = fs.readSync(descriptor, buffer, at, sizeBytes - at, null);
      if (read === 0) throw new Error('The boot pipe ended early.');
      at += read;
    }
    return buffer;
  };
  // The platform sends nothing before (see `feed`).
  fs.writeSync(descriptor, 'r');
  const sections = Array.from({ length: count }, () => take(take(4).readUInt32LE(0)));
  fs.closeSync(descriptor);
  return sections;
}

/**
 * Opens a stream of the process, paused. Every read goes to one buffer, so that a small message does not cost a large allocation.
 * Listeners copy what they keep.
 */
export function openSocket(
  require: NodeJS.Require,
  fd: number,
  bufferOf: (sizeBytes: number) => Uint8Array,
): import('node:net').Socket {
  const { Socket } = require('node:net') as typeof import('node:net');
  const callback = (sizeBytes: number, buffer: Uint8Array): boolean => {
    socket.emit('data', buffer.subarray(0, sizeBytes));
    return true;
  };
  const options = { fd, writableHighWaterMark: 262_144, onread: { buffer: bufferOf(65_536), callback } };
  const socket = new Socket(options);
  // It has begun to read, but nothing listens yet.
  return socket.pause();
}

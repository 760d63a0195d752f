import { Duplex } from 'node:stream';

/** Two connected streams in one process. (`stream.duplexPair` is younger than the oldest Node that is supported.) */
export function duplexPair(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const end = (other: number): Duplex =>
    new Duplex({
      read: () => undefined,
      write(chunk, _encoding, callback) {
        ends[other]?.push(chunk);
        callback();
      },
      final(callback) {
        ends[other]?.push(null);
        callback();
      },
      destroy(error, callback) {
        const peer = ends[other];
        if (peer !== undefined && !peer.destroyed) setImmediate(() => peer.destroy());
        callback(error);
      },
    });
  const [left, right] = [end(1), end(0)];
  ends.push(left, right);
  return [left, right];
}

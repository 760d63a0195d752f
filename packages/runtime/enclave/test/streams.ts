import { Duplex } from 'node:stream';

/** What is written to the one is read from the other. */
export function streamPair(): readonly [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
      destroy(error, done) {
        // As a connection that breaks: the other end learns it at once.
        if (!other().destroyed) other().destroy();
        done(error);
      },
    });
  const left: Duplex = end(() => right);
  const right: Duplex = end(() => left);
  return [left, right];
}

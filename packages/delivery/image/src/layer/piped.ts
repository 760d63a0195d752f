import { Readable, type Transform } from 'node:stream';

/** A stream of Node over pieces. A reader that stops ends both. */
export function piped(pieces: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Uint8Array> {
  const source = Readable.from(pieces, { objectMode: false });
  // `pipe` hands no error on.
  source.on('error', (error) => transform.destroy(error));
  transform.on('close', () => source.destroy());
  return source.pipe(transform) as AsyncIterable<Uint8Array>;
}

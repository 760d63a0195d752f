import { EnclosError } from '@enclos/errors';
import { createDigester, type Digest } from '../digest.ts';
import type { Descriptor } from './documents.ts';

export function digestMismatch(expected: Digest, got: string): EnclosError {
  return new EnclosError('OCI_DIGEST_MISMATCH', `Content that should be ${expected} is ${got}.`, {
    details: { expected, got },
  });
}

/** What a blob is named and sized by. */
export type BlobName = Pick<Descriptor, 'digest' | 'size'>;

/**
 * Passes the pieces of a blob on, and throws at the end, or when there is more than there should be. What was passed counts only
 * when the end was reached: {@link VerifiedBlob.finish} goes there.
 */
export interface VerifiedBlob {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Reads the rest, and compares. @throws OCI_DIGEST_MISMATCH */
  finish(): Promise<void>;
}

export function verifiedBlob(source: AsyncIterable<Uint8Array>, { digest, size }: BlobName): VerifiedBlob {
  const digester = createDigester();
  let verified = false;
  const iterator = (async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      digester.update(piece);
      if (digester.sizeBytes > size) throw digestMismatch(digest, `longer than ${size} bytes`);
      yield piece;
    }
    const got = digester.digest();
    if (digester.sizeBytes !== size) throw digestMismatch(digest, `${digester.sizeBytes} bytes long, not ${size}`);
    if (got !== digest) throw digestMismatch(digest, got);
    verified = true;
  })();
  // A reader that stops early must not end the iterator: `finish` continues from there.
  const pieces = { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
  return Object.freeze({
    pieces,
    async finish() {
      while ((await iterator.next()).done !== true);
      if (!verified) throw digestMismatch(digest, 'not all there');
    },
  });
}

/** A small blob, whole. @throws OCI_DIGEST_MISMATCH */
export async function readVerified(source: AsyncIterable<Uint8Array>, name: BlobName): Promise<Uint8Array> {
  const blob = new Uint8Array(name.size);
  let at = 0;
  for await (const piece of verifiedBlob(source, name).pieces) {
    blob.set(piece, at);
    at += piece.length;
  }
  return blob;
}

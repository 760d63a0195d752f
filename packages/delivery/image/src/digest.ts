import { createHash } from 'node:crypto';

/** `sha256:` and 64 lower-case hex digits; the only algorithm that is read and written here. */
export type Digest = `sha256:${string}`;

export const digestPattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return digestPattern.test(text);
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export interface Digester {
  /** What went in so far. */
  readonly sizeBytes: number;
  update(bytes: Uint8Array): void;
  /** Ends it. */
  digest(): Digest;
}

export function createDigester(): Digester {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    update(bytes) {
      sizeBytes += bytes.length;
      hash.update(bytes);
    },
    digest: () => `sha256:${hash.digest('hex')}`,
  };
}

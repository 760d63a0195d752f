import * as nodeCrypto from 'node:crypto';
import type { SyncCrypto } from '../src/node.ts';

/** node:crypto that counts, with no keys imported yet. */
export interface CountingCrypto extends SyncCrypto {
  readonly counts: { verifications: number; imports: number };
}

export function countingCrypto(): CountingCrypto {
  const counts = { verifications: 0, imports: 0 };
  return {
    counts,
    createHash: nodeCrypto.createHash,
    createPublicKey(key: Parameters<SyncCrypto['createPublicKey']>[0]) {
      counts.imports += 1;
      return nodeCrypto.createPublicKey(key);
    },
    // With and without a callback.
    verify: ((...inputs: Parameters<typeof nodeCrypto.verify>) => {
      counts.verifications += 1;
      return nodeCrypto.verify(...inputs);
    }) as SyncCrypto['verify'],
  };
}

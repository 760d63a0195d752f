import { createHash } from 'node:crypto';
import type { Sha256 } from '../sigstruct/verify.ts';

/** SHA-256, 32 bytes. */
export const sha256: Sha256 = (data) => new Uint8Array(createHash('sha256').update(data).digest());

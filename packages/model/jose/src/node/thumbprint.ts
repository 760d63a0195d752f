import { createHash } from 'node:crypto';
import { thumbprintInput, type SignatureKey } from '../public-key.ts';

/** SHA-256 thumbprint of a key (RFC 7638), base64url: a `kid` that only this key has. */
export function thumbprintOf(key: SignatureKey): string {
  return createHash('sha256').update(thumbprintInput(key)).digest('base64url');
}

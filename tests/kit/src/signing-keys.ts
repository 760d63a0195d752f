import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../fixtures/', import.meta.url));

/** A key that is in the repository for everybody to read: it signs nothing but enclaves of tests. To make one takes a second. */
export function signingKey(name: 'first' | 'second' | 'quoting'): KeyObject {
  return createPrivateKey(readFileSync(`${folder}${name}-signing.test-only.pem`));
}

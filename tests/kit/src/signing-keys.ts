import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../fixtures/', import.meta.url));

/** A key that anyone can read in the repository: it signs nothing but enclaves of tests. Making one takes a second. */
export function signingKey(name: 'first' | 'second' | 'quoting'): KeyObject {
  return createPrivateKey(readFileSync(`${folder}${name}-signing.test-only.pem`));
}

import { createHash } from 'node:crypto';
import { explain as explainBytes, type Explanation } from '@enclos/evidence/explain';
import type { Input } from './read-input.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** Says what evidence, a certificate or a token is, and what each field of it means. Verifies nothing, and refuses nothing. With `now`, dates that are not met then are marked. */
export function explain({ bytes }: Pick<Input, 'bytes'>, now?: Date): Explanation {
  return explainBytes(bytes, { sha256, ...(now === undefined ? {} : { now }) });
}

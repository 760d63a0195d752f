import type { Input } from '../../evidence/read-input.ts';
import { explain as explainBytes, type Explanation } from '../../explain/explain.ts';

/** Says what evidence, a certificate or a token is, and what each field of it means. Verifies nothing, and refuses nothing. With `now`, dates that are not met then are marked. */
export function explain({ bytes }: Pick<Input, 'bytes'>, now?: Date): Explanation {
  return explainBytes(bytes, now);
}

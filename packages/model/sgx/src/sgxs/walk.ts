import { HEADER_BYTES, MAX_RECORD_BYTES } from './record.ts';
import { refuse, SgxsRules, type SgxsProfile } from './rules.ts';

/** Called in stream order. `at` is the offset of the record in the bytes. */
export interface SgxsVisitor {
  readonly page?: (rules: SgxsRules) => void;
  readonly chunk?: (at: number, measured: boolean, rules: SgxsRules) => void;
}

/** Checks a whole stream in memory. @throws SGXS_INVALID */
export function walkSgxs(bytes: Uint8Array, profile: SgxsProfile, visitor: SgxsVisitor): SgxsRules {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rules = new SgxsRules(profile);
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < HEADER_BYTES) refuse('the stream ends inside a record.');
    const kind = rules.accept(view, at);
    if (kind === 'eextend' || kind === 'unmeasured') {
      if (bytes.length - at < MAX_RECORD_BYTES) refuse('the stream ends inside a record.');
      visitor.chunk?.(at, kind === 'eextend', rules);
      at += MAX_RECORD_BYTES;
    } else {
      if (kind === 'eadd') visitor.page?.(rules);
      at += HEADER_BYTES;
    }
  }
  rules.end();
  return rules;
}

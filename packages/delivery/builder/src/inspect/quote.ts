import { EnclosError } from '@enclos/errors';
import { parseQuote } from '@enclos/sgx';

import type { InspectReport } from './report.ts';

/**
 * Explains evidence. The builder cannot read evidence: callers that inspect quotes pass the reader of
 * `@enclos/evidence`, so that each field of a quote is described in one place.
 */
export type ExplainEvidence = (bytes: Uint8Array) => Pick<InspectReport, 'title' | 'nodes'>;

/** @throws SGX_QUOTE_INVALID for a quote that is cut or damaged; BUILD_FILE_UNRECOGNISED without `explain`. */
export function inspectQuote(bytes: Uint8Array, explain: ExplainEvidence | undefined): InspectReport {
  const { version } = parseQuote(bytes, { allowTrailing: true });
  if (explain === undefined) {
    const words = `a version ${version} quote (SGX or TDX)`;
    throw new EnclosError('BUILD_FILE_UNRECOGNISED', `This is ${words}, which cannot be inspected here.`, {
      details: { found: words },
    });
  }
  const { title, nodes } = explain(bytes);
  return Object.freeze({ kind: 'quote', title, nodes });
}

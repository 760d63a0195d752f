import { checkQuote } from './check-quote.ts';
import { checkSnp } from './check-snp.ts';
import type { Outcome, Request } from './outcome.ts';

/** Decodes, verifies and appraises as far as there is something to do it with. */
export function check(request: Request): Promise<Outcome> {
  return request.evidence?.kind === 'snp-report' ? checkSnp(request) : checkQuote(request);
}

import { EnclosError } from '@enclos/errors';
import { invalid } from '../within.ts';

/** Which rule a proof breaks: `details.rule` of LEDGER_UNPROVEN. */
export type ProofRule =
  /** A certificate is not issued by the service, or its issuer is not an authority. */
  | 'certificate'
  /** The transaction carries other claims than were expected. */
  | 'claims'
  /** No endorsement leads from the service that is trusted to the one that signed. */
  | 'endorsement'
  /** The record names another key than the one that must have signed. */
  | 'key'
  /** A leaf is given whole, so nothing shows that it is a transaction and not a node inside the tree. */
  | 'legacy-leaf'
  /** A root is not the one that the transactions give. */
  | 'root'
  | 'signature'
  /** Two records name different transactions. */
  | 'transaction';

/** @throws LEDGER_UNPROVEN always. */
export function unproven(rule: ProofRule, message: string): never {
  throw new EnclosError('LEDGER_UNPROVEN', message, { details: { rule } });
}

/** @throws LEDGER_INVALID always. */
export function malformed(message: string): never {
  throw invalid(message);
}

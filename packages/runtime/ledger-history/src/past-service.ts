import type { LedgerCertificate } from '@enclos/ledger/proof';

/** A service that may have signed, the present one among them. */
export interface PastService {
  readonly certificate: LedgerCertificate;
  /** PEM certificates that lead from it to the present one: those of receipts. */
  readonly endorsements?: readonly string[];
}

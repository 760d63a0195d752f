import { declareErrors } from '@enclos/errors';

export const ledgerErrors = declareErrors({
  LEDGER_INVALID: [
    'evidence',
    'A file, an entry or a record of a ledger does not have the form of CCF.',
    'Check that the file is a ledger chunk, a snapshot or a receipt of CCF, and that it was copied whole.',
  ],
});

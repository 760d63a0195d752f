import { declareErrors } from '@enclos/errors';

export const ledgerErrors = declareErrors({
  LEDGER_INVALID: [
    'evidence',
    'A file, an entry or a record of a ledger does not have the form of CCF.',
    'Check that the file is a ledger chunk, a snapshot or a receipt of CCF, and that it was copied whole.',
  ],
  LEDGER_UNPROVEN: [
    'evidence',
    'A signature, a proof or a certificate of a ledger does not hold, or is not by the service that was expected.',
    'Do not rely on it. Check that the certificate is the one of this service, and fetch the receipt or the file again.',
  ],
  LEDGER_UNAVAILABLE: [
    'usage',
    'The files of a ledger do not hold what was asked for.',
    "Give all files of the ledger up to the signature after the transaction. Private parts need the members' keys or the ledger secret.",
  ],
  LEDGER_SECRET_WRONG: [
    'evidence',
    'Something that a ledger holds encrypted does not decrypt: the key is another one, or the bytes were changed.',
    'Give the ledger secret, the shares or the private key of this ledger, and of the version that the message names.',
  ],
  LEDGER_SHARE_INVALID: [
    'evidence',
    'A recovery share does not have the form of CCF, or the shares that were given do not belong together.',
    "Give each member's own share once, decrypted with its encryption key, from the latest issue of shares.",
  ],
  LEDGER_FORGOTTEN: [
    'usage',
    'The Merkle tree does not hold the leaf that was asked for: it was flushed, or it is not appended yet.',
    'Ask for a leaf that the tree retains, or build the tree again from the ledger.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof ledgerErrors, true> {}
}

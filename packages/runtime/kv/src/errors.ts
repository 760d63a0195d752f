import { declareErrors } from '@enclos/errors';

export const kvErrors = declareErrors({
  KV_CONFLICT: [
    'transient',
    'A transaction could not be committed: others kept changing what it had read.',
    'Send the request again after a moment.',
  ],
  KV_TOO_LARGE: [
    'usage',
    'A key, a value, the name of a map or a transaction is larger than the store allows.',
    'Write less in one transaction, or raise the limit that the message names.',
  ],
  KV_FULL: [
    'refused',
    'The store is full: the transaction would make it hold more bytes than its limit.',
    'Remove entries that are not needed, or raise storeBytes of the limits.',
  ],
  KV_NAME_RESERVED: [
    'usage',
    'The name of a map begins with a prefix that is reserved.',
    'Choose a name that begins neither with "ccf." nor with "public:ccf.".',
  ],
  KV_ACCESS_DENIED: [
    'usage',
    'Code used a map in a way that its execution context does not allow.',
    'Read the access rules of maps: https://microsoft.github.io/CCF/main/audit/read_write_restrictions.html.',
  ],
  KV_MISUSED: [
    'usage',
    'The store was used against its order: a transaction that has ended, or a version that it does not hold.',
    'Correct the calling code; the message says what was wrong.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof kvErrors, true> {}
}

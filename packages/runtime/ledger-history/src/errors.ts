import { declareErrors } from '@enclos/errors';

export const ledgerHistoryErrors = declareErrors({
  HISTORY_RANGE: [
    'usage',
    'A range of historical transactions ends before it begins.',
    'Give the first seqno, then the last.',
  ],
  HISTORY_TOO_LARGE: [
    'usage',
    'A range of historical transactions is larger than can be held at once.',
    'Ask for parts of the range, one after the other.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof ledgerHistoryErrors, true> {}
}

/** Where a receipt is, which form a client wants, and what it calls its request. */
export const receiptNames = Object.freeze({
  receipt: 'enclos-receipt',
  form: 'enclos-receipt-format',
  requestId: 'enclos-request-id',
} as const);

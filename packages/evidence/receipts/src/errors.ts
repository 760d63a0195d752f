import { declareErrors } from '@enclos/errors';

export const receiptErrors = declareErrors({
  RECEIPT_INVALID: [
    'evidence',
    'The bytes are not a receipt, or not in the one form that a receipt has.',
    'Keep the receipt as the server sent it, and give exactly that.',
  ],
  RECEIPT_KEY_UNKNOWN: [
    'evidence',
    'The receipt names another key or algorithm than the keys that were given.',
    'Give the receipt key of the service at the time of the answer; keys rotate.',
  ],
  RECEIPT_SIGNATURE_INVALID: [
    'evidence',
    'The signature of the receipt does not hold.',
    'Do not believe the receipt: it was changed, or the key that it names did not sign it.',
  ],
  RECEIPT_MISMATCH: [
    'evidence',
    'The receipt is genuine, and about something else than was expected.',
    'Compare the claim that the message names: another request, response, model, enclave or key set was signed.',
  ],
  RECEIPT_STALE: [
    'policy',
    'The receipt is older than is accepted, or from the future.',
    'Check the clock; accept a larger age if the receipt was kept.',
  ],
  RECEIPT_REPORT_INVALID: [
    'evidence',
    'The text is not the report of an inference service.',
    'Keep the answer to GET /v1/attestation/report as the service sent it.',
  ],
  RECEIPT_MISUSED: [
    'usage',
    'A receipt was written or verified with an argument that cannot be used.',
    'Correct the call; the message says what is wrong.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof receiptErrors, true> {}
}

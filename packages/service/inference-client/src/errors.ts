import { declareErrors } from '@enclos/errors';

export const inferenceClientErrors = declareErrors({
  INFERENCE_CLIENT_MISUSED: [
    'usage',
    'The client of an inference service was given something that it cannot use.',
    'Correct the call; the message says what is wrong.',
  ],
  INFERENCE_NOT_ATTESTED: [
    'evidence',
    'The report of an inference service does not prove its keys.',
    'Send it nothing. Compare the policy with the service that you mean to use, and ask its operator.',
  ],
  INFERENCE_ANSWER_REFUSED: [
    'evidence',
    'What arrived is not the sealed answer of the attested enclave to this request.',
    'Do not use it. Repeat the request; if it stays so, something on the way changes messages.',
  ],
  INFERENCE_RECEIPT_MISSING: [
    'evidence',
    'The answer has no receipt, and the client requires one.',
    'Use a service that writes receipts, or do not require them.',
  ],
  INFERENCE_SERVICE_UNREACHABLE: [
    'transient',
    'The inference service, or something on the way to it, did not answer.',
    'Check that the service runs, and its address: https or http, host and port. Then try again.',
  ],
  INFERENCE_CALL_REFUSED: [
    'refused',
    'The inference service refused a call, inside its seal.',
    'Correct the call: details.code is listed in docs/reference/errors.md. The body of the answer says more; `client.fetch` and `enclos proxy --inference` give it.',
  ],
  INFERENCE_SERVICE_BUSY: [
    'transient',
    'The inference service cannot answer a call now, as it says inside its seal.',
    'Try again after a moment.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof inferenceClientErrors, true> {}
}

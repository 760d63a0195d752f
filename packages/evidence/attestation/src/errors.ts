import { declareErrors } from '@enclos/errors';

export const attestationErrors = declareErrors({
  EVIDENCE_REFUSED: [
    'evidence',
    'The evidence does not prove what it claims.',
    'Do not trust the enclave. details.step names the check that failed, details.status the reason.',
  ],
  ENDORSEMENTS_INVALID: [
    'evidence',
    'The collateral is malformed.',
    'Fetch the collateral again. details.field names the malformed part.',
  ],
  APPRAISAL_REFUSED: [
    'policy',
    'The evidence is genuine, but the policy does not accept it.',
    'Compare details.got with details.expected for the rule in details.field.',
  ],
  VERIFIER_MISUSED: [
    'usage',
    'The verifier cannot use this argument.',
    'Correct the call. The message says what is wrong.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationErrors, true> {}
}

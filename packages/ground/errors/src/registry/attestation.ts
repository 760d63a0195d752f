import type { ErrorArea } from './kinds.ts';

export const attestationErrors = {
  EVIDENCE_REFUSED: {
    kind: 'evidence',
    summary: 'The evidence does not prove what it claims.',
    next: 'Do not trust the enclave. details.step names the check that failed, details.status why.',
  },
  ENDORSEMENTS_INVALID: {
    kind: 'evidence',
    summary: 'The collateral is not well-formed.',
    next: 'Fetch the collateral again. details.field names the part that is wrong.',
  },
  APPRAISAL_REFUSED: {
    kind: 'policy',
    summary: 'The evidence is genuine, but the policy does not accept it.',
    next: 'Compare details.got with details.expected for the rule in details.field.',
  },
  VERIFIER_MISUSED: {
    kind: 'usage',
    summary: 'The verifier was called with something it cannot work with.',
    next: 'Correct the call; the message says what is wrong.',
  },
} as const satisfies ErrorArea;

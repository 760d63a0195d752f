import type { ErrorArea } from './kinds.ts';

/** By itself, since what reads certificates runs in browsers too. It comes with `@enclos/atls`, as its other errors. */
export const atlsCertificateErrors = {
  ATLS_CERTIFICATE_INVALID: {
    kind: 'evidence',
    summary: 'The certificate of the peer is missing, or does not hold evidence for its own key.',
    next: 'Do not trust the peer. details.rule names what is wrong with the certificate.',
  },
} as const satisfies ErrorArea;

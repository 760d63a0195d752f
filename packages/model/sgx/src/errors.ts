import { declareErrors } from '@enclos/errors';

export const sgxErrors = declareErrors({
  SGX_STRUCTURE_INVALID: [
    'usage',
    'The bytes or the value are not this SGX structure.',
    'Check the length and the named field against the Intel SDM.',
  ],
  SGX_RESERVED_NOT_ZERO: [
    'usage',
    'A reserved field of an SGX structure is not zero.',
    'Set every reserved byte to zero.',
  ],
  SGXS_INVALID: [
    'usage',
    'The bytes are not an enclave image of this profile.',
    'Build the image again. `enclos measure` and `enclos inspect` also read the SGXS streams of other tools.',
  ],
  SGXS_TOO_LARGE: [
    'usage',
    'The enclave image is larger than its bound.',
    'Make the image smaller or raise the bound.',
  ],
  SIGSTRUCT_INVALID: ['evidence', 'The bytes are not a SIGSTRUCT that a processor accepts.', 'Sign the enclave again.'],
  SIGSTRUCT_SIGNATURE: [
    'evidence',
    'The signature of the SIGSTRUCT does not match its key.',
    'Sign the enclave again.',
  ],
  SIGNING_KEY_INVALID: [
    'usage',
    'The key cannot sign an enclave: SGX takes only RSA, 3072 bits, exponent 3.',
    'Make a key with `enclos keygen FILE`, or with `openssl genrsa -3 -out key.pem 3072`.',
  ],
  SGX_QUOTE_INVALID: [
    'evidence',
    'The bytes are not an ECDSA quote of version 3, 4 or 5.',
    'Read the whole quote and nothing else.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof sgxErrors, true> {}
}

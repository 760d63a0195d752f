import type { ErrorArea } from './kinds.ts';

export const sgxErrors = {
  SGX_STRUCTURE_INVALID: {
    kind: 'usage',
    summary: 'The bytes or the value are not the named SGX structure.',
    next: 'Compare the length and the named field with the structure in the Intel SDM.',
  },
  SGX_RESERVED_NOT_ZERO: {
    kind: 'usage',
    summary: 'A reserved field of an SGX structure is not zero.',
    next: 'Set every reserved byte to zero; a newer structure than this version knows is refused.',
  },
  SGXS_INVALID: {
    kind: 'usage',
    summary: 'The bytes are not an enclave image of the wanted profile.',
    next: 'Build the image again. `enclos measure` and `enclos inspect` also read the SGXS streams of other tools.',
  },
  SGXS_TOO_LARGE: {
    kind: 'usage',
    summary: 'The enclave image is larger than the given bound.',
    next: 'Make the image smaller or raise the bound.',
  },
  SIGSTRUCT_INVALID: {
    kind: 'evidence',
    summary: 'The bytes are not a SIGSTRUCT that a processor accepts.',
    next: 'Sign the enclave again.',
  },
  SIGSTRUCT_SIGNATURE: {
    kind: 'evidence',
    summary: 'The signature of the SIGSTRUCT does not hold for its own modulus.',
    next: 'The file was changed after signing, or signing went wrong: sign the enclave again.',
  },
  SIGNING_KEY_INVALID: {
    kind: 'usage',
    summary: 'The key cannot sign an enclave: SGX takes RSA, 3072 bits, public exponent 3, and nothing else.',
    next: 'Make one with `openssl genrsa -3 -out key.pem 3072`.',
  },
  SGX_QUOTE_INVALID: {
    kind: 'evidence',
    summary: 'The bytes are not an ECDSA quote of version 3, 4 or 5.',
    next: 'Check that the whole quote was read, and nothing but the quote.',
  },
} as const satisfies ErrorArea;

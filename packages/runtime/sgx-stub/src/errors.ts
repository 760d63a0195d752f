import { declareErrors } from '@enclos/errors';

export const sgxStubErrors = declareErrors({
  SGX_WIRE_INVALID: [
    'lost',
    'The process of an SGX enclave, its host or its platform broke the protocol between them.',
    'Load the enclave again; if it happens again, check that host and platform have the same version of Enclos.',
  ],
  STUB_MISSING: [
    'usage',
    'The native program that runs signed SGX enclaves is not in this installation.',
    'Install a package that carries it, or build it: `apt-get install gcc-14`, then `npm run build` in a clone of the repository.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof sgxStubErrors, true> {}
}

import { declareErrors } from '@enclos/errors';

export const sgxImageErrors = declareErrors({
  ENCLAVE_FILE_INVALID: [
    'evidence',
    'The file seems to hold an enclave of an SGX SDK, but it is damaged, or of a form that is not read.',
    'Build and sign the enclave again with its SDK; docs/reference/sgx-images.md lists the forms that are read.',
  ],
  ENCLAVE_FILE_SIMULATED: [
    'evidence',
    'The enclave was built for the simulation mode of its SDK: its code cannot enter or leave an enclave of SGX.',
    'Build it for hardware (SGX_MODE=HW). Trust nothing that a simulation build has sealed: its keys are public.',
  ],
  ENCLAVE_FILE_TOO_LARGE: [
    'usage',
    'The file declares an enclave that takes more to measure than is done unless asked for.',
    'If you know the file, raise the bound: `enclos measure FILE --limit 64G`. A small file can declare an enclave of any size.',
  ],
  ENCLAVE_FILE_NOT_SIGNED: [
    'usage',
    'The enclave file has no signature.',
    'Sign it with its SDK (`sgx_sign sign`, `oesign sign`) or with `enclos sign FILE --key KEY`.',
  ],
  ENCLAVE_FILE_ZERO_BASE: [
    'usage',
    'The enclave must be loaded at a given address, which is not supported.',
    'Build it without a base address of zero and without ELRangeStartAddress.',
  ],
  ENCLAVE_ATTRIBUTES_REFUSED: [
    'usage',
    'The signature of the enclave does not allow these attributes.',
    'Launch it in the mode that it was signed for: `enclos inspect FILE` shows whether debugging is allowed.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof sgxImageErrors, true> {}
}

import { declareErrors } from '@enclos/errors';

export const edlCallsErrors = declareErrors({
  EDL_LAYOUT_UNKNOWN: [
    'usage',
    'The size of a type that a C header defines is not known.',
    'Say in the file of foreign types (`--foreign`) what it is: {"NAME": {"type": "uint32_t"}}, or its sizeof and alignof as {"NAME": {"bytes": 64, "alignment": 8}}.',
  ],
  EDL_USER_CHECK_UNKNOWN: [
    'usage',
    'An address was allowed by a name that is not an unchecked address of the interface.',
    'Name it FUNCTION.PARAMETER, FUNCTION.return or STRUCTURE.MEMBER; `enclos edl doc` lists such addresses first.',
  ],
  EDL_LAYOUT_TOO_LARGE: ['usage', 'A type of an interface is larger than 2 GiB.', 'Make its arrays smaller.'],
  EDL_HANDLER_MISSING: [
    'usage',
    'An interface has OCALLs for which the host has no handler.',
    'Give a function for each OCALL that the message names, under its name: in `ocalls`, or as exports of the module that `enclos run --sgx` takes as --ocalls.',
  ],
  EDL_CALL_FAILED: [
    'refused',
    'The code of the SDK in the enclave refused a call.',
    'Read the name in the message, an `oe_result_t` or an `sgx_status_t`: OE_NOT_FOUND and SGX_ERROR_INVALID_FUNCTION say that the EDL file is not the one of this enclave.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof edlCallsErrors, true> {}
}

import { EnclosError } from '@enclos/errors';

/**
 * `oe_call_enclave_function_args_t` and `oe_call_host_function_args_t` (openenclave/internal/calls.h): index, input buffer and its
 * size, output buffer and its size, bytes written, result.
 */
export const oeCallRecord = {
  bytes: 56,
  index: 0,
  input: 8,
  inputBytes: 16,
  output: 24,
  outputBytes: 32,
  written: 40,
  result: 48,
} as const;

/** The head of every `NAME_args_t`: result, deep-copy buffer and its size. */
export const oeHead = { bytes: 24, result: 0, deepCopyBuffer: 8, deepCopyBytes: 16 } as const;

export const OE_OK = 0;
/** What a host writes before a call (openenclave/bits/result.h). */
export const OE_UNEXPECTED = 7;

export function requireOk(status: number, call: string): void {
  if (status === OE_OK) return;
  throw new EnclosError('EDL_CALL_FAILED', `The enclave answered the call of "${call}" with oe_result_t ${status}.`, {
    details: { call, status },
  });
}

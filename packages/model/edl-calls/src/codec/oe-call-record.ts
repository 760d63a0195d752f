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

import type { Abi } from '../layout/calls.ts';
import type { ForeignTypes } from '../layout/foreign.ts';
import type { ArenaImage, ArenaMemory, ArenaPatch } from './memory.ts';
import type { CallValues, EdlObject, EdlValue } from './values.ts';

export interface CallCodecOptions {
  readonly abi: Abi;
  /** What types of C headers are. */
  readonly foreign?: ForeignTypes;
  /**
   * Pointers that are not checked and may be more than NULL: `function.parameter`, `function.return`, `structure.member`. Their
   * values are handles of memory that the caller reserved in the arena.
   */
  readonly userCheck?: readonly string[];
  /** Bound of one call: what is encoded, and what is read of an enclave's memory. 16 MiB by default. */
  readonly maxBytes?: number;
}

/**
 * Encodes and decodes the calls of one interface. Functions whose types are not known throw EDL_LAYOUT_UNKNOWN when they are used
 * for the first time, so that others can be called.
 */
export interface CallCodec {
  /** By index. */
  readonly ecalls: readonly EcallCodec[];
  /** By index. */
  readonly ocalls: readonly OcallCodec[];
}

export interface EcallCodec {
  readonly name: string;
  /**
   * Buffers that are `out` alone are left out, and come back in the result; null there passes NULL. A number that is only the
   * size or count of `in` buffers may be left out.
   *
   * @throws EDL_VALUE_REFUSED, EDL_LAYOUT_UNKNOWN, EDL_LAYOUT_TOO_LARGE
   */
  readonly encodeArguments: (values: CallValues) => EcallArguments;
}

export interface EcallArguments {
  /** Absent when the call passes NULL: a function of Intel's SDK without values. */
  readonly image?: ArenaImage;
  /**
   * Reads what the enclave left in the image.
   *
   * @param address where the image's first byte stands in the arena
   * @throws EDL_VALUE_REFUSED for what the interface does not allow; EDL_CALL_FAILED with `status` in its details, when code that
   *   Open Enclave generated says that the call failed (an `oe_result_t`)
   */
  readonly decodeResult: (memory: ArenaMemory, address: bigint) => EcallResult;
  /**
   * The address of what the enclave had the host reserve for deep copies (Open Enclave). The caller frees it after `decodeResult`,
   * also when that refused the answer. Absent when the call can have none; undefined when it has none, or failed.
   */
  readonly deepCopyBuffer?: (memory: ArenaMemory, address: bigint) => bigint | undefined;
}

export interface EcallResult {
  /** Absent for `void`. */
  readonly returned?: EdlValue;
  /** Parameters that are `out` or `in, out`. */
  readonly outputs: EdlObject;
}

export interface OcallCodec {
  readonly name: string;
  /**
   * @param address of `ms` (Intel), 0 for NULL; of `oe_call_host_function_args_t` (Open Enclave)
   * @throws EDL_VALUE_REFUSED, EDL_LAYOUT_UNKNOWN, EDL_LAYOUT_TOO_LARGE
   */
  readonly decodeArguments: (memory: ArenaMemory, address: bigint) => OcallArguments;
}

export interface OcallArguments {
  /** Without parameters that are `out` alone, unless NULL was passed for one. */
  readonly values: EdlObject;
  /**
   * What was passed is read once, in `decodeArguments`: a thread of the enclave that changes it meanwhile changes nothing here.
   *
   * @throws EDL_VALUE_REFUSED
   */
  readonly encodeResult: (answer: OcallAnswer) => readonly ArenaPatch[];
}

export interface OcallAnswer {
  readonly returned?: unknown;
  /**
   * Parameters that are `out` or `in, out`. One that is absent or shorter than the enclave's buffer leaves the rest as it was, zeros
   * in an `out` buffer. One for which NULL was passed is ignored.
   */
  readonly outputs?: CallValues;
  /** With `propagate_errno`; 0 when absent. */
  readonly errno?: number;
  /**
   * Reserves memory of the arena that the enclave will have the host free, at an address that is a multiple of 16: for deep copies
   * that are `out` alone (Open Enclave).
   */
  readonly allocate?: (bytes: number) => bigint;
}

import type { EdlModel } from '@enclos/edl-compiler';
import { type Abi, type CallLayout, callLayout } from './calls.ts';
import type { ForeignTypes } from './foreign.ts';
import { type StructLayout, TypeSizes } from './sizes.ts';

/** Where every value of an interface stands in the memory of an enclave on x86-64 Linux. */
export interface EdlLayout {
  /** Structures and unions, in the order of the model. */
  readonly composites: readonly StructLayout[];
  readonly intel: AbiLayout;
  readonly oe: AbiLayout;
}

/** In the order of the model's functions. */
export interface AbiLayout {
  /** Undefined where a call passes NULL: a function of Intel's SDK without values. */
  readonly ecalls: readonly (CallLayout | undefined)[];
  readonly ocalls: readonly (CallLayout | undefined)[];
}

/**
 * Sizes, alignments and offsets of every structure and union, and of the structures that hold the values of a call, for both
 * SDKs (System V ABI, AMD64 supplement, LP64).
 *
 * @param foreign what types of C headers are; some of the C library and POSIX are known
 * @throws EDL_LAYOUT_UNKNOWN when a size is needed that nothing tells, EDL_LAYOUT_TOO_LARGE
 * @example
 * const { composites } = layoutOf(model, { sgx_status_t: { type: 'int' } });
 */
export function layoutOf(model: EdlModel, foreign: ForeignTypes = {}): EdlLayout {
  const sizes = new TypeSizes(model, foreign);
  const abiLayout = (abi: Abi): AbiLayout => ({
    ecalls: model.ecalls.map((call) => callLayout(sizes, call, abi)),
    ocalls: model.ocalls.map((call) => callLayout(sizes, call, abi)),
  });
  return {
    composites: model.composites.map(({ name }) => sizes.layoutOf(name)),
    intel: abiLayout('intel'),
    oe: abiLayout('oe'),
  };
}

import { callCodec } from '../codec/call-codec.ts';
import type { CallCodec } from '../arena/contract.ts';
import type { Abi } from '../layout/calls.ts';
import type { ForeignTypes } from '../layout/foreign.ts';
import type { EdlModel } from '@enclos/edl-compiler';

/** An interface with what its model does not say. */
export interface InterfaceParts {
  readonly model: EdlModel;
  /** What types of C headers are. */
  readonly foreign: ForeignTypes;
  /** Addresses that are not checked and may be passed. */
  readonly userCheck: readonly string[];
}

/**
 * An interface whose calls can be made.
 *
 * @typeParam E the generated interface of its ECALLs
 * @typeParam O the generated interface of the handlers of its OCALLs
 */
export interface BoundInterface<E extends object = object, O extends object = object> extends InterfaceParts {
  /** The codec of its calls, made once for each SDK. */
  readonly codec: (abi: Abi) => CallCodec;
  /** Only for compilers: never there. */
  readonly types?: { readonly ecalls: E; readonly ocalls: O };
}

/** Freezes an interface, and gives it its codecs. Generated modules call this. */
export function bindInterface<E extends object = object, O extends object = object>(
  parts: InterfaceParts,
): BoundInterface<E, O> {
  const codecs = new Map<Abi, CallCodec>();
  const { model, foreign, userCheck } = freeze(parts);
  return Object.freeze({
    model,
    foreign,
    userCheck,
    codec(abi: Abi) {
      const codec = codecs.get(abi) ?? callCodec(model, { abi, foreign, userCheck });
      codecs.set(abi, codec);
      return codec;
    },
  });
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

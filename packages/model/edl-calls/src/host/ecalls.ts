import type { EcallArguments, EcallCodec, EcallResult } from '../arena/contract.ts';
import { resultNames } from '../calls/shape.ts';
import { ownMember } from '../forms/form.ts';
import type { EcallModel } from '@enclos/edl-compiler';
import type { BoundInterface } from './bound-interface.ts';
import type { ReturnedEcall, SgxCalls } from './calls.ts';

/**
 * The public ECALLs of an enclave as functions of values. Generated modules call this.
 *
 * @typeParam E the generated interface of these functions
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- a generated module says what its model gives
export function createEcalls<E extends object>(bound: BoundInterface, calls: SgxCalls): E {
  const isPublic = bound.model.ecalls.flatMap((ecall, index) => (ecall.isPublic ? [index] : []));
  // The caller's type is written from the same model.
  return ecallsOf(bound, calls, isPublic) as E;
}

/** The ECALLs of these indexes by name. */
export function ecallsOf(bound: BoundInterface, calls: SgxCalls, indexes: readonly number[]): object {
  const codec = bound.codec(calls.abi);
  const functions = indexes.map((index) => {
    const [ecall, encoded] = [bound.model.ecalls[index], codec.ecalls[index]];
    if (ecall === undefined || encoded === undefined) throw new RangeError(`There is no ECALL ${index}.`);
    return [ecall.name, ecallOf(ecall, { encoded, index, calls })] as const;
  });
  return Object.freeze(Object.fromEntries(functions));
}

interface CallWay {
  readonly encoded: EcallCodec;
  readonly index: number;
  readonly calls: SgxCalls;
}

function ecallOf(ecall: EcallModel, { encoded, index, calls }: CallWay) {
  const names = resultNames(ecall);
  return async (values: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
    const call = encoded.encodeArguments(values);
    const answer = await calls.ecall(index, call.image);
    const reserved = call.deepCopyBuffer?.(answer.memory, answer.address);
    // Most calls have nothing to free: another promise would be a tenth of an empty one.
    const { returned, outputs } =
      reserved === undefined
        ? call.decodeResult(answer.memory, answer.address)
        : await resultOf(call, answer, () => calls.free(reserved));
    if (names.isPlain) return returned;
    return Object.fromEntries([
      ...(names.returned === undefined ? [] : [[names.returned, returned] as const]),
      // What NULL was passed for does not come back.
      ...names.outputs.map((name) => [name, ownMember(outputs, name) ?? null] as const),
    ]);
  };
}

/** Reads the answer, and frees what the enclave had reserved for it, also when it is refused. */
async function resultOf(
  call: EcallArguments,
  { memory, address }: ReturnedEcall,
  free: () => Promise<void>,
): Promise<EcallResult> {
  try {
    return call.decodeResult(memory, address);
  } finally {
    await free();
  }
}

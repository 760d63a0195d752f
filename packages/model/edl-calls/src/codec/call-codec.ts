import { EnclosError } from '@enclos/errors';
import type { CallCodec, CallCodecOptions, EcallArguments, OcallArguments } from '../arena/contract.ts';
import type { ArenaMemory } from '../arena/memory.ts';
import { refuse } from '../arena/refusal.ts';
import type { CallValues } from '../arena/values.ts';
import { Forms } from '../forms/forms.ts';
import { TypeSizes } from '../layout/sizes.ts';
import type { EdlModel, FunctionModel } from '@enclos/edl-compiler';
import { type CallPlan, planCall } from './call-plan.ts';
import { decodeIntelOcall } from './intel-ocall.ts';
import { encodeIntelEcall } from './intel-ecall.ts';
import { encodeOeEcall } from './oe-ecall.ts';
import { decodeOeOcall } from './oe-ocall.ts';

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * The codec of an interface's calls: values of TypeScript to images of memory and back, byte for byte as the code that the SDK
 * generated for the enclave has them. Whatever an enclave wrote is checked before anything is allocated for it.
 *
 * @throws EDL_INVALID_INTERFACE for a bound that is not a number of bytes
 * @example
 * const codec = callCodec(model, { abi: 'intel' });
 * const { image, decodeResult } = codec.ecalls[0].encodeArguments({ name: 'vault', sealed: bytes });
 */
export function callCodec(model: EdlModel, options: CallCodecOptions): CallCodec {
  const { abi, foreign = {}, userCheck = [], maxBytes = DEFAULT_MAX_BYTES } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw new EnclosError('EDL_INVALID_INTERFACE', 'maxBytes is not a number of bytes.');
  }
  const forms = new Forms(new TypeSizes(model, foreign), userCheck);
  const planOf = (call: FunctionModel): (() => CallPlan | undefined) => {
    let planned: { readonly plan: CallPlan | undefined } | undefined;
    return () => (planned ??= { plan: planCall(call, forms, abi) }).plan;
  };
  const ecalls = model.ecalls.map((call, index) => {
    const plan = planOf(call);
    const encodeArguments = (values: CallValues): EcallArguments => {
      const found = plan();
      if (found === undefined) return nakedEcall(call.name, values);
      return abi === 'intel'
        ? encodeIntelEcall(found, values, maxBytes)
        : encodeOeEcall(found, index, values, maxBytes);
    };
    return Object.freeze({ name: call.name, encodeArguments });
  });
  const ocalls = model.ocalls.map((call, index) => {
    const plan = planOf(call);
    const decodeArguments = (memory: ArenaMemory, address: bigint): OcallArguments => {
      const found = plan();
      if (found === undefined) return nakedOcall(call.name, address);
      if (abi === 'intel') return decodeIntelOcall(found, memory, address, maxBytes);
      return decodeOeOcall({ plan: found, index, maxBytes }, memory, address);
    };
    return Object.freeze({ name: call.name, decodeArguments });
  });
  return Object.freeze({ ecalls: Object.freeze(ecalls), ocalls: Object.freeze(ocalls) });
}

/** A call that passes NULL. */
function nakedEcall(name: string, values: CallValues): EcallArguments {
  for (const given of Object.keys(values)) refuse(name, `it has no parameter "${given}"`);
  return { decodeResult: () => ({ outputs: {} }) };
}

/** The SDK refuses a structure where there is none (CodeGen.ml, `gen_func_ubridge`). */
function nakedOcall(name: string, address: bigint): OcallArguments {
  if (address !== 0n) refuse(name, 'it passes no values, but an address is there');
  return {
    values: {},
    encodeResult: ({ outputs = {} }) => {
      for (const output of Object.keys(outputs)) refuse(name, `it has no output "${output}"`);
      return [];
    },
  };
}

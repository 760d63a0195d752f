// A call of one function through a codec, with the enclave in between.
import type { EdlModel } from '@enclos/edl-compiler';
import {
  type ArenaMemory,
  arenaMemory,
  callCodec,
  type CallCodecOptions,
  type CallValues,
  type EcallResult,
  type EdlValue,
} from '../../src/index.ts';
import { applyPatches, base } from '../codec-round.ts';
import { CMemory } from '../reference/c-memory.ts';
import { IntelSide } from '../reference/intel-side.ts';
import { OeSide } from '../reference/oe-side.ts';
import type { SideAnswer } from '../reference/side.ts';

export type Options = Partial<CallCodecOptions>;

/** An ECALL that is on its way: its image in memory, which a test changes. */
export interface MadeEcall {
  readonly memory: CMemory;
  /** Where the structure of the call stands. */
  readonly start: bigint;
  readonly side: IntelSide | OeSide;
  /** @param from its own memory when absent */
  readonly decode: (from?: ArenaMemory) => EcallResult;
  readonly deepCopyBuffer: () => bigint | undefined;
}

export function makeEcall(model: EdlModel, values: CallValues, options: Options = {}): MadeEcall {
  const abi = options.abi ?? 'intel';
  const [call] = model.ecalls;
  const encoded = callCodec(model, { abi, ...options }).ecalls[0]?.encodeArguments(values);
  if (call === undefined || encoded?.image === undefined) throw new Error('The call passes nothing.');
  const memory = CMemory.of(encoded.image, base, 4096);
  const side = abi === 'intel' ? new IntelSide({ model, call, memory }) : new OeSide({ model, call, memory });
  const start = base + BigInt(encoded.image.start);
  return {
    memory,
    start,
    side,
    decode: (from = arenaMemory(memory.bytes, base)) => encoded.decodeResult(from, base),
    deepCopyBuffer: () => encoded.deepCopyBuffer?.(arenaMemory(memory.bytes, base), base),
  };
}

/** Makes the call, lets the enclave answer, and decodes. */
export function callEcall(
  model: EdlModel,
  values: CallValues,
  { answer, ...options }: Options & { answer: SideAnswer },
) {
  const made = makeEcall(model, values, options);
  const seen = made.side.arguments(made.start);
  made.side.answer(made.start, answer);
  return { seen, result: made.decode() };
}

/** An OCALL that an enclave makes: its structures in memory, which a test changes. */
export interface MadeOcall {
  readonly memory: CMemory;
  /** Of the structure, or record, of the call. */
  readonly address: bigint;
  readonly side: IntelSide | OeSide;
  readonly decode: () => ReturnType<ReturnType<typeof callCodec>['ocalls'][number]['decodeArguments']>;
  /** Writes patches, and reads what the enclave then sees. */
  readonly finish: (patches: Parameters<typeof applyPatches>[1]) => SideAnswer;
}

export function makeOcall(model: EdlModel, values: Record<string, EdlValue>, options: Options = {}): MadeOcall {
  const abi = options.abi ?? 'intel';
  const [call] = model.ocalls;
  if (call === undefined) throw new Error('There is no OCALL.');
  const memory = new CMemory(new Uint8Array(8192), base);
  const side = abi === 'intel' ? new IntelSide({ model, call, memory }) : new OeSide({ model, call, memory });
  const address = side.pass(values, base + 64n);
  const codec = callCodec(model, { abi, ...options }).ocalls[0];
  if (codec === undefined) throw new Error('There is no OCALL.');
  return {
    memory,
    address,
    side,
    decode: () => codec.decodeArguments(arenaMemory(memory.bytes, base), address),
    finish(patches) {
      applyPatches(memory, patches);
      return side.results(address);
    },
  };
}

export const abis = ['intel', 'oe'] as const;

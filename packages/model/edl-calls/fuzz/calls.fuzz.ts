import { isEnclosError } from '@enclos/errors';
import { type ArenaMemory, arenaMemory, callCodec } from '../src/index.ts';
import { base } from '../test/codec-round.ts';
import { makeEcall, makeOcall } from '../test/codec/calling.ts';
import { everyArgument, everyOutput, everything, everyValue, plainValue } from '../test/codec/everything.ts';

const bound = 64 * 1024;
const abis = ['intel', 'oe'] as const;

const codecs = abis.map((abi) => callCodec(everything(abi), { abi, maxBytes: bound }));
const ecalls = codecs.map(({ ecalls: [ecall] }, i) => ecall?.encodeArguments(everyArgument(abis[i] ?? 'oe')));
/** Where every seed has the structure of its OCALL. */
const address = base + 64n;

/** A byte that chooses the SDK and the direction, and memory. */
const seed = (choice: number, memory: Uint8Array): Uint8Array => Uint8Array.from([choice, ...memory]);

export const seeds: readonly Uint8Array[] = abis.flatMap((abi, i) => {
  const called = makeEcall(everything(abi), everyArgument(abi), { abi });
  called.side.arguments(called.start);
  called.side.answer(called.start, { returned: plainValue, outputs: everyOutput(abi) });
  const made = makeOcall(everything(abi), everyValue(abi), { abi });
  return [seed(2 * i, called.memory.bytes.subarray(0, 3072)), seed(2 * i + 1, made.memory.bytes.subarray(0, 1600))];
});

/** Whatever an enclave wrote: a value, or a refusal; no more is read than the bound, and nothing is written elsewhere. */
export function fuzz(data: Uint8Array): void {
  const [choice = 0, ...rest] = data;
  const bytes = Uint8Array.from(rest);
  const inner = arenaMemory(bytes, base);
  let read = 0;
  const memory: ArenaMemory = {
    reach: inner.reach,
    read(at, length) {
      read += length;
      if (read > bound) throw new Error(`${read} bytes are read.`);
      return inner.read(at, length);
    },
  };
  const sdk = (choice >> 1) % 2;
  try {
    if (choice % 2 === 0) {
      ecalls[sdk]?.deepCopyBuffer?.(memory, base);
      // Each has the bound for itself.
      read = 0;
      ecalls[sdk]?.decodeResult(memory, base);
      return;
    }
    const decoded = codecs[sdk]?.ocalls[0]?.decodeArguments(memory, address);
    if (decoded === undefined) throw new Error('There is no OCALL.');
    for (const patch of answerOf(decoded.encodeResult)) {
      if (patch.bytes.length > inner.reach(patch.address)) throw new Error('A patch leaves the arena.');
    }
  } catch (error) {
    if (!isEnclosError(error)) throw error;
  }
}

/** What was decoded can be answered. */
function answerOf(
  encodeResult: ReturnType<(typeof codecs)[number]['ocalls'][number]['decodeArguments']>['encodeResult'],
) {
  try {
    return encodeResult({ returned: 0 });
  } catch (error) {
    throw new Error('An OCALL that was decoded cannot be answered.', { cause: error });
  }
}

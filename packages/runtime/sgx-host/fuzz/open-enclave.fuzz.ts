import { isEnclosError } from '@enclos/errors';
import { bindInterface, createEcalls, serveOcalls } from '@enclos/edl-calls/host';
import { createOpenEnclaveRuntime } from '../src/open-enclave/runtime.ts';
import { openEnclaveModel } from '../test/open-enclave/sdk-edl.ts';
import { recordingServices } from '../test/open-enclave/services.ts';
import { type EnclaveCode, type PeerMemory, scriptedEnclave } from '../test/scripted-enclave.ts';

const model = openEnclaveModel(
  ['cpu', 'logging', 'memory', 'thread', 'attestation', 'fcntl'],
  `struct list { [count=n] uint32_t* items; uint64_t n; };
   trusted { public int add([in, out] int* value, int more); public void get([out] list* found); };
   untrusted { int ask([in, string] const char* question, [out] list* found); };`,
);
const bound = bindInterface({ model, foreign: {}, userCheck: [] });
const server = serveOcalls(bound, {
  ...Object.fromEntries(model.ocalls.map(({ name }) => [name, () => undefined])),
  ask: () => ({ result: 1, found: { items: [1, 2], n: 2n } }),
});
const ask = model.ocalls.findIndex(({ name }) => name === 'ask');
const expected = new Set(['ENCLAVE_LOST', 'EDL_CALL_FAILED', 'EDL_VALUE_REFUSED', 'SGX_ARENA_FULL']);

/** An answer: what is done, the function, how many words are written and where, and the argument; then the words. */
const ANSWER_BYTES = 12;
const MAX_ANSWERS = 64;

/** What an enclave does, from bytes: words that it writes into its context and buffer, and how it leaves. */
function codeOf(data: Uint8Array): EnclaveCode {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let [at, answers] = [0, 0];
  const word = (memory: PeerMemory, context: bigint): bigint => {
    if (at + 8 > data.length) return 0n;
    const value = view.getBigUint64(at, true);
    at += 8;
    // Small ones with a mark are addresses: nearly no others would be in the arena.
    if (value >> 56n === 0xa5n) return context + (value & 0xffffn);
    return value >> 56n === 0xa6n ? memory.base + (value & 0xf_ffffn) : value;
  };
  return function* code(entry, memory) {
    let { rdx: context, rsi } = entry;
    for (;;) {
      answers += 1;
      if (at + ANSWER_BYTES > data.length || answers > MAX_ANSWERS) return { rdi: 2n << 48n, rsi: 1n };
      const [kind, called, words, place] = [
        data[at] ?? 0,
        data[at + 1] ?? 0,
        data[at + 2] ?? 0,
        view.getUint16(at + 4, true),
      ];
      at += ANSWER_BYTES - 8;
      const argument = word(memory, context);
      const start = (kind & 8) === 0 ? context : rsi;
      for (let i = 0n; i < words % 32; i++) {
        const address = start + BigInt(8 * (place % 2048)) + 8n * i;
        const value = word(memory, context);
        if (memory.has(address, 8)) memory.setU64(address, value);
      }
      if (kind % 8 === 0) return { rdi: (2n << 48n) | BigInt(called % 4), rsi: argument };
      if (kind % 8 === 1) {
        yield { exception: called % 32 };
        continue;
      }
      // A wait that is never woken would end the run and find nothing.
      const functions = [0x8000, 0x8000, 0x8000, 0x8003, 0x8004, 0x8005, 0x8001];
      const host = functions[called % functions.length] ?? 0x8000;
      const back = yield { rdi: (3n << 48n) | (BigInt(host) << 32n), rsi: host === 0x8000 ? context : argument };
      ({ rdx: context, rsi } = back);
    }
  };
}

/** Bytes of one answer: a record of an OCALL at the context, and its values after it. */
function ocallSeed(index: bigint, inputBytes: bigint, outputBytes: bigint, values: readonly bigint[]): Uint8Array {
  const mark = 0xa5n << 56n;
  const record = [index, mark + 112n, inputBytes, mark + 112n + inputBytes, outputBytes, 0n, 7n, 16_384n, mark + 112n];
  const words = [...record, 0n, 0n, 0n, 0n, 0n, ...values];
  const bytes = new Uint8Array(ANSWER_BYTES + 8 * words.length);
  const view = new DataView(bytes.buffer);
  bytes.set([2, 0, words.length]);
  words.forEach((value, i) => view.setBigUint64(ANSWER_BYTES + 8 * i, value, true));
  return bytes;
}

export const seeds: readonly Uint8Array[] = model.ocalls.map((_, index) =>
  ocallSeed(BigInt(index), 64n, 64n, [0n, 0n, 0n, 0n, 16n, 4n, 0x41_4141n]),
);

/** Whatever an enclave of Open Enclave answers: a value, or an error that says so. What is written lies in the arena. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const handles = (index: number): boolean => index === ask;
  const { host } = scriptedEnclave(codeOf(data), {
    model,
    handles,
    serve: (index, request) => server.ocall(index, request),
    heapBytes: 65_536,
  });
  const quoting = { quotingTarget: async () => new Uint8Array(512), quote: async () => new Uint8Array(600) };
  const runtime = createOpenEnclaveRuntime(host, recordingServices({ quoting }));
  const ecalls = createEcalls<Record<'add' | 'get', (values?: object) => Promise<unknown>>>(bound, {
    abi: runtime.abi,
    ecall: (index, image) => runtime.ecall(index, image, {}),
    free: (address) => runtime.free(address),
  });
  try {
    await runtime.start();
    await ecalls.add({ value: 1, more: 2 });
    await ecalls.get();
  } catch (error) {
    if (!isEnclosError(error) || !expected.has(error.code)) throw error;
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindInterface, createEcalls, serveOcalls } from '@enclos/edl-calls/host';
import { isEnclosError } from '@enclos/errors';
import type { AbiHost } from '../../src/abi/abi.ts';
import { createOpenEnclaveRuntime } from '../../src/open-enclave/runtime.ts';
import { Random } from '../random.ts';
import { type EnclaveCode, type PeerMemory, scriptedEnclave, type Step } from '../scripted-enclave.ts';
import { CONTINUE } from './peer.ts';
import { openEnclaveModel } from './sdk-edl.ts';
import { recordingServices } from './services.ts';

const ANSWERS = 100_000;
const HEAP_BYTES = 128 * 1024;
const model = openEnclaveModel(
  ['cpu', 'logging', 'memory', 'thread', 'attestation', 'fcntl'],
  `struct list { [count=n] uint32_t* items; uint64_t n; };
   trusted { public int add([in, out] int* value, int more); public void get([out] list* found); };
   untrusted { int ask([in, string] const char* question, [out] list* found); };`,
);

/** Codes that a host may meet: each says that a call did not come to anything. */
const expected = new Set(['ENCLAVE_LOST', 'EDL_CALL_FAILED', 'EDL_VALUE_REFUSED', 'SGX_ARENA_FULL']);

interface Tally {
  answers: number;
  ocalls: number;
  faults: number;
}

/** An enclave that says anything: mostly things that look like what an honest one says. */
function hostileCode(random: Random, tally: Tally): EnclaveCode {
  const given: bigint[] = [0n];
  const word = (memory: PeerMemory): bigint =>
    random.pick(
      BigInt(random.below(model.ocalls.length + 2)),
      BigInt(random.below(4096)),
      memory.base + BigInt(16 * random.below(memory.bytes.length / 16)),
      memory.base + BigInt(memory.bytes.length - random.below(64)),
      given[random.below(given.length)] ?? 0n,
      2n ** 64n - BigInt(1 + random.below(256)),
      2n ** 63n,
      BigInt(random.below(2 ** 31)),
    );
  const scribble = (memory: PeerMemory, address: bigint, words: number): void => {
    for (let i = 0n; i < words; i++) {
      if (memory.has(address + 8n * i, 8) && random.below(4) > 0) memory.setU64(address + 8n * i, word(memory));
    }
  };
  return function* code(entry, memory) {
    const { rsi: argument } = entry;
    let { rdx: context, rsi } = entry;
    // It handles most of its exceptions.
    if (((entry.rdi >> 32n) & 0xffffn) === 3n && random.below(8) > 0) return { rdi: 2n << 48n, rsi: CONTINUE };
    for (;;) {
      tally.answers += 1;
      given.push(rsi);
      if (given.length > 64) given.shift();
      const choice = random.below(100);
      if (choice < 8) {
        // Outputs of the ECALL, the record of it, and the result.
        scribble(memory, memory.has(argument, 56) ? memory.u64(argument + 24n) : argument, 24);
        if (random.below(3) > 0) finish(memory, argument);
        return { rdi: (2n << 48n) | BigInt(random.below(3)), rsi: random.pick(0n, 0n, 9n, 0xffff_ffffn, word(memory)) };
      }
      if (choice < 11) {
        tally.faults += 1;
        yield { exception: random.below(32) };
        continue;
      }
      if (choice < 12 && random.below(8) === 0) return { rdi: word(memory), rsi: word(memory) };
      tally.ocalls += 1;
      const called = random.pick(0x8000, 0x8000, 0x8000, 0x8003, 0x8004, 0x8005, 0x8006, 0x8001);
      if (called === 0x8000) honestly(memory, context);
      const freed = random.below(24) === 0 ? word(memory) : 0n;
      const passed = called === 0x8000 && random.below(8) > 0 ? context : called === 0x8004 ? freed : word(memory);
      const back = yield { rdi: (3n << 48n) | (BigInt(called) << 32n), rsi: passed } satisfies Step;
      ({ rdx: context, rsi } = back);
    }
  };

  /** What an ECALL leaves that came to something, if its outputs are right. */
  function finish(memory: PeerMemory, argument: bigint): void {
    if (!memory.has(argument, 56)) return;
    const [output, bytes] = [memory.u64(argument + 24n), memory.u64(argument + 32n)];
    if (!memory.has(output, 24) || !memory.has(output, Number(bytes))) return;
    memory.setU64(argument + 40n, bytes);
    memory.setU64(argument + 48n, 0n);
    memory.setU64(output, 0n);
    for (const at of [8n, 16n]) memory.setU64(output + at, random.below(3) > 0 ? 0n : word(memory));
  }

  /** A record of a call that may be right, with values that may be. */
  function honestly(memory: PeerMemory, context: bigint): void {
    if (!memory.has(context, 112 + 4096)) return;
    const input = context + 112n;
    const size = 16n * BigInt(2 + random.below(16));
    const index = BigInt(random.below(model.ocalls.length));
    const record = [index, input, size, input + size, 16n * BigInt(2 + random.below(64)), 0n, 7n];
    record.forEach((value, i) => memory.setU64(context + BigInt(8 * i), value));
    scribble(memory, input, Number(size) / 8);
    if (random.below(4) === 0) scribble(memory, context, 9);
  }
}

test('an enclave that answers anything reaches nothing and ends nobody', async () => {
  const random = new Random(20_261_129);
  const tally: Tally = { answers: 0, ocalls: 0, faults: 0 };
  const codes = new Map<string, number>();
  const bound = bindInterface({ model, foreign: {}, userCheck: [] });
  const handlers = Object.fromEntries(model.ocalls.map(({ name }) => [name, () => undefined]));
  const server = serveOcalls(bound, { ...handlers, ask: () => ({ result: 1, found: { items: [1, 2, 3], n: 3n } }) });
  const ask = model.ocalls.findIndex(({ name }) => name === 'ask');
  while (tally.answers < ANSWERS) {
    const serve: AbiHost['serve'] = (index, request) => server.ocall(index, request);
    const handles = (index: number): boolean => index === ask;
    const enclave = scriptedEnclave(hostileCode(random, tally), { model, handles, serve, heapBytes: HEAP_BYTES });
    const quoting = { quotingTarget: async () => new Uint8Array(512), quote: async () => new Uint8Array(5000) };
    const runtime = createOpenEnclaveRuntime(enclave.host, recordingServices({ quoting }));
    const calls = {
      abi: runtime.abi,
      ecall: (index: number, image?: Parameters<typeof runtime.ecall>[1]) => runtime.ecall(index, image, {}),
      free: runtime.free.bind(runtime),
    };
    // The interface above.
    const ecalls = createEcalls<Record<'add' | 'get', (values?: object) => Promise<unknown>>>(bound, calls);
    const note = (error: unknown): void => {
      if (!isEnclosError(error) || !expected.has(error.code)) throw error;
      codes.set(error.code, 1 + (codes.get(error.code) ?? 0));
    };
    await runtime.start().catch(note);
    for (let i = 0; i < 20 && enclave.reasons.length === 0; i++) {
      await ecalls.add({ value: 1, more: 2 }).catch(note);
      await ecalls.get().catch(note);
    }
    assert.ok(enclave.host.arena.heap.reservedBytes <= HEAP_BYTES);
  }
  // It came to all of them, and not only to the first rule.
  for (const code of ['ENCLAVE_LOST', 'EDL_CALL_FAILED', 'EDL_VALUE_REFUSED']) {
    assert.ok((codes.get(code) ?? 0) > 100, code);
  }
  assert.ok(tally.ocalls > ANSWERS / 2 && tally.faults > 1000);
});

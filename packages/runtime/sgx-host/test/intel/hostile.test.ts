import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { AnswerKind, type GateAnswer } from '@enclos/sgx-stub/wire';
import { fakeArenaBase, type FakeStub, type InsideThread } from '../fake-stub.ts';
import { Random } from '../random.ts';
import { loadFake } from './fake-enclave.ts';

const ANSWERS = 100_000;
const STACK_BYTES = 4096;
const ARENA_BYTES = 64 * 1024;

const edl = `enclave {
  struct list { [count=n] uint32_t* items; uint64_t n; };
  trusted { public int add([in, out] int* value, int more); public void get([out, count=4] int* found); int inner(int a); };
  untrusted {
    int ask([in, string] const char* question, [in, out, count=n] uint32_t* items, size_t n) allow(inner);
    void show([in] struct list* list, [in, wstring] const wchar_t* text);
    [cdecl] void sgx_oc_cpuidex([out] int cpuinfo[4], int leaf, int subleaf);
    [cdecl] int sgx_thread_set_untrusted_event_ocall([user_check] const void *waiter);
    [cdecl] int sgx_thread_set_multiple_untrusted_events_ocall([in, count = total] const void **waiters, size_t total);
    [cdecl] int pthread_create_ocall(unsigned long long self);
  };
};`;

/** Codes that a host may meet: each says that a call did not come to anything. */
const expected = new Set([
  'ENCLAVE_LOST',
  'EDL_CALL_FAILED',
  'EDL_VALUE_REFUSED',
  'SGX_ARENA_FULL',
  'SGX_WIRE_INVALID',
]);

interface Tally {
  answers: number;
  handled: number;
}

/** A thread whose enclave and stub say anything: mostly things that look like what honest ones say. */
function hostile(random: Random, tally: Tally, end: () => void): (thread: InsideThread) => Promise<void> {
  return async (thread) => {
    const { exitStackBytes } = await thread.next();
    thread.exit({ rdi: 2n ** 64n - 1n });
    let [stackTop, rsp] = [0n, 0n];
    const word = (): bigint =>
      random.pick(
        BigInt(random.below(8)),
        BigInt(random.below(4096)),
        fakeArenaBase + BigInt(8 * random.below(ARENA_BYTES / 8)),
        rsp + BigInt(8 * random.below(64)),
        fakeArenaBase + BigInt(ARENA_BYTES - random.below(64)),
        thread.tcs,
        2n ** 64n - BigInt(1 + random.below(256)),
        BigInt(random.below(2 ** 31)),
      );
    const words = (bytes: number): Uint8Array => {
      const view = new DataView(new ArrayBuffer(bytes));
      for (let at = 0; at + 8 <= bytes; at += 8) view.setBigUint64(at, word(), true);
      return new Uint8Array(view.buffer);
    };
    const answer = (): Partial<GateAnswer> => {
      const choice = random.below(1000);
      if (choice < 3) return { kind: AnswerKind.REFUSED, reason: random.below(6) };
      if (choice < 5) return { kind: AnswerKind.DATA, rdi: word() };
      if (choice < 8) return { rdi: word(), rsi: word(), rsp: word(), stack: words(64), final: random.below(2) === 0 };
      if (choice < 40) {
        return { kind: AnswerKind.EXCEPTION, reason: random.below(32), rsp: random.below(16) === 0 ? word() : rsp };
      }
      const bytes = Math.min(8 * random.below(32), Number(stackTop - rsp), exitStackBytes);
      const rdi = random.below(300) === 0 ? word() : BigInt(random.below(7));
      return { rdi, rsi: random.pick(rsp, rsp, rsp, word()), rsp, stack: words(Math.max(0, bytes)) };
    };
    for (;;) {
      const request = await thread.next();
      tally.answers += 1;
      stackTop = request.stackTop;
      rsp = request.rsp === 0n ? stackTop : request.rsp;
      const room = Number(rsp - (stackTop - BigInt(STACK_BYTES)));
      if (request.rdi < 16n && room > 600) rsp -= BigInt(16 * random.below(32));
      // What it writes beside is what the host fetches.
      thread.memory.write(fakeArenaBase + BigInt(8 * random.below(ARENA_BYTES / 8 - 32)), words(256));
      if (random.below(12) === 0) {
        const reads = request.reads.map((range) => words(range.bytes + 8).subarray(0, range.bytes));
        const status = random.pick(0n, 0n, 0n, 0x1007n, random.below(40) === 0 ? 0x1006n : 0n, word());
        thread.answer({ rdi: 2n ** 64n - 1n, rsi: status, final: true, reads });
      } else thread.answer(answer());
      // Bytes that were not asked for. They may be the beginning of an answer that never ends.
      if (random.below(2000) === 0) {
        thread.say(words(8 * random.below(40)));
        setImmediate(end);
      }
    }
  };
}

test('an enclave and a stub that answer anything reach nothing and end nobody', async () => {
  const random = new Random(20_261_130);
  const tally: Tally = { answers: 0, handled: 0 };
  const codes = new Map<string, number>();
  const note = (error: unknown): void => {
    if (!isEnclosError(error) || !expected.has(error.code)) throw error;
    codes.set(error.code, 1 + (codes.get(error.code) ?? 0));
  };
  type During = { ecalls: { inner: (values: { a: number }) => Promise<number> } };
  const handlers = {
    async ask({ question, items }: { question: string | null; items: Uint32Array | null }, { ecalls }: During) {
      tally.handled += 1;
      assert.ok(question === null || typeof question === 'string');
      assert.ok(items === null || items.length <= ARENA_BYTES / 4);
      if (random.below(4) > 0) return { result: 1, items: null };
      return { result: await ecalls.inner({ a: 1 }).catch((error: unknown) => (note(error), 0)), items: null };
    },
    show({ list }: { list: { items: Uint32Array | null } | null }) {
      tally.handled += 1;
      assert.ok((list?.items?.length ?? 0) <= ARENA_BYTES / 4);
    },
  };
  while (tally.answers < ANSWERS) {
    const stubs: FakeStub[] = [];
    const loaded = await loadFake({
      edl,
      handlers,
      threads: 2,
      stackBytes: STACK_BYTES,
      arenaBytes: ARENA_BYTES,
      play: hostile(random, tally, () => stubs[0]?.end()),
    });
    stubs.push(loaded.stub);
    for (let i = 0; i < 40 && loaded.reasons.length === 0; i += 1) {
      await loaded.ecalls['add']?.({ value: 1, more: 2 }).catch(note);
      await loaded.ecalls['get']?.().catch(note);
    }
    loaded.stub.end();
    // What pthread_create began is lost with the enclave.
    for (let i = 0; i < 100 && loaded.host.arena.heap.reservedPieces > 0; i += 1) await new Promise(setImmediate);
    assert.equal(loaded.host.arena.heap.reservedPieces, 0, 'nothing is left of any call');
    for (const failure of loaded.failures) note(failure);
  }
  // It came to all of them, and not only to the first rule.
  for (const code of ['ENCLAVE_LOST', 'EDL_CALL_FAILED', 'EDL_VALUE_REFUSED', 'SGX_WIRE_INVALID']) {
    assert.ok((codes.get(code) ?? 0) > 50, `${code} of ${JSON.stringify([...codes])}`);
  }
  assert.ok(tally.handled > 100, `${tally.handled} calls were served`);
});

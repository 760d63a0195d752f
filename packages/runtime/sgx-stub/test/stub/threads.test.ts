import assert from 'node:assert/strict';
import { LeafStatus, PlatformLeaf, type PlatformAnswer, type PlatformRequest } from '../../src/wire/index.ts';
import { stubTest } from './builds.ts';
import { Command, layout } from './enclave.ts';
import { withStub } from './process.ts';

const calls = 200;

for (const fastExit of [false, true]) {
  stubTest(`threads run beside each other${fastExit ? ', with fast exits' : ''}`, () =>
    withStub({ enclave: { threads: 8 }, go: { fastExit } }, async (_gate, { gates }) => {
      assert.equal(gates.length, 8);
      await Promise.all(
        gates.map(async (gate, number) => {
          assert.deepEqual([gate.hello.thread, gate.hello.fastExit], [number, fastExit]);
          for (let i = 0; i < calls; i++) {
            const value = BigInt(number * calls + i);
            assert.equal((await gate.send({ rdi: Command.next, rsi: value })).rdi, value + 1n);
            const { rsi } = await gate.send({ rdi: Command.segments });
            assert.equal(rsi - gate.hello.enclaveBase, BigInt(layout.tcs + number * layout.stride + 0x3000));
          }
        }),
      );
    }),
  );
}

stubTest('each thread has its own stack and TCS', () =>
  withStub({ enclave: { threads: 3 } }, async (_gate, { gates }) => {
    const hellos = gates.map(({ hello }) => hello);
    const [first] = hellos;
    assert.ok(first !== undefined);
    hellos.forEach((hello, i) => {
      assert.equal(hello.stackBase, first.arenaBase + BigInt(i) * first.stackBytes);
      assert.equal(hello.tcs, first.enclaveBase + BigInt(layout.tcs + i * layout.stride));
    });
  }),
);

stubTest('threads that ask the platform at once get each its own answer', () => {
  const platform = (request: PlatformRequest): PlatformAnswer => ({
    status: LeafStatus.SUCCESS,
    result: new Uint8Array(16).fill(request.leaf === PlatformLeaf.EGETKEY ? (request.keyRequest[0] ?? 0) : 0),
  });
  return withStub({ enclave: { threads: 4 }, platform }, async (_gate, { gates }) => {
    await Promise.all(
      gates.map(async (gate, number) => {
        const heap = gate.heap(4) + BigInt(number * 4096);
        const at = gate.hello.enclaveBase + BigInt(layout.data + number * 4096);
        const asked = new Uint8Array(512).fill(number + 1);
        await gate.send({
          rdi: Command.copy,
          rsi: heap,
          rdx: at,
          r8: 512n,
          writes: [{ address: heap, content: asked }],
        });
        for (let i = 0; i < 50; i++) {
          assert.equal((await gate.send({ rdi: Command.key, rsi: at, rdx: at + 512n })).rdi, 0n);
          const copy = { rdi: Command.copy, rsi: at + 512n, rdx: heap, r8: 16n };
          const { reads } = await gate.send({ ...copy, reads: [{ address: heap, bytes: 16 }] });
          assert.deepEqual([...(reads[0] ?? [])], [...new Uint8Array(16).fill(number + 1)]);
        }
      }),
    );
  });
});

stubTest('an enclave whose threads share GS gets no fast exits', () =>
  withStub({ enclave: { threads: 2, tcs: { gs: layout.data } }, go: { fastExit: true } }, async (gate) => {
    assert.equal(gate.hello.fastExit, false);
    assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
  }),
);

stubTest('64 threads', () =>
  withStub(
    {
      enclave: { threads: 64, sizeBytes: 0x1000000 },
      go: { stackBytes: 0x1000n, arenaBytes: 0x100000n, fastExit: true },
    },
    async (_gate, { gates }) => {
      for (const gate of gates) assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
    },
  ),
);

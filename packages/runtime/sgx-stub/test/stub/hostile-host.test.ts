import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AnswerKind, RequestKind, type GateRequest } from '../../src/wire/index.ts';
import { stubTest } from './builds.ts';
import { Command } from './enclave.ts';
import { withStub, type TestGate } from './process.ts';

/** Addresses near what matters, and others. */
function addresses({ hello, top }: TestGate): fc.Arbitrary<bigint> {
  const { arenaBase, arenaBytes, stackBase, enclaveBase, enclaveBytes } = hello;
  const places = [
    arenaBase,
    arenaBase + arenaBytes,
    stackBase,
    top,
    enclaveBase,
    enclaveBase + enclaveBytes,
    0n,
    2n ** 63n,
  ];
  const near = fc
    .tuple(fc.constantFrom(...places), fc.bigInt({ min: -9n, max: 9n }))
    .map(([at, by]) => BigInt.asUintN(64, at + by));
  const inArena = fc.bigInt({ min: arenaBase, max: arenaBase + arenaBytes });
  return fc.oneof(near, inArena, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
}

function requests(gate: TestGate): fc.Arbitrary<GateRequest> {
  const address = addresses(gate);
  const length = fc.oneof(fc.nat({ max: 64 }), fc.nat({ max: 2 ** 23 }));
  return fc.record({
    kind: fc.constantFrom(...Object.values(RequestKind)),
    rdi: fc.constantFrom(Command.next, Command.ocall, Command.others, Command.segments),
    rsi: address,
    rdx: address,
    r8: address,
    r9: address,
    r10: address,
    rsp: fc.oneof(fc.constant(gate.top), address),
    rbp: address,
    writes: fc.array(fc.record({ address, content: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 3 }),
    reads: fc.array(fc.record({ address, bytes: length }), { maxLength: 3 }),
    finalMask: fc.constantFrom(0n, 1n, 2n ** 64n - 1n),
    finalValue: fc.constantFrom(0n, 1n, 2n ** 64n - 1n),
    stackTop: fc.oneof(fc.constant(gate.top), address),
    exitStackBytes: fc.nat({ max: 2 ** 20 }),
    windowBytes: fc.nat({ max: 2 ** 16 }),
  });
}

stubTest('whatever a host asks, it is answered within the bounds and nothing breaks', () =>
  withStub({}, async (gate) => {
    const { arenaBase, arenaBytes, stackBase } = gate.hello;
    const isIn = (address: bigint, bytes: number): boolean =>
      address >= arenaBase && address + BigInt(bytes) <= arenaBase + arenaBytes;
    let refused = 0;
    const runs = 10_000;
    await fc.assert(
      fc.asyncProperty(requests(gate), async (request) => {
        const answer = await gate.send(request);
        const rangesFit = [
          ...request.writes.map(({ address, content }) => isIn(address, content.length)),
          ...request.reads.map(({ address, bytes }) => isIn(address, bytes)),
        ].every(Boolean);
        if (answer.kind === AnswerKind.REFUSED) refused += 1;
        else assert.ok(rangesFit);
        assert.ok(answer.stack.length <= request.exitStackBytes && answer.window.length <= request.windowBytes);
        const isOnStack = answer.rsp >= stackBase && answer.rsp + BigInt(answer.stack.length) <= gate.top;
        assert.ok(answer.stack.length === 0 || isOnStack);
        if (answer.window.length > 0) assert.ok(isIn(answer.rsi, answer.window.length));
      }),
      { numRuns: runs },
    );
    assert.ok(refused > runs / 20 && refused < runs, `${refused} refused`);
    assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
  }),
);

import assert from 'node:assert/strict';
import {
  AnswerKind,
  encodeGateRequest,
  RefusalReason,
  RequestKind,
  StubExit,
  type GateRequest,
} from '../../src/wire/index.ts';
import { stubTest } from './builds.ts';
import { Command } from './enclave.ts';
import { withStub, type TestGate } from './process.ts';

const bytesOf = (gate: TestGate, change: Partial<GateRequest> = {}): Buffer =>
  Buffer.concat([...encodeGateRequest(gate.request(change))]);

const breaks: readonly (readonly [why: string, change: (bytes: Buffer, gate: TestGate) => unknown])[] = [
  ['kind 0', (bytes) => bytes.writeUInt32LE(0, 0)],
  ['kind 4', (bytes) => bytes.writeUInt32LE(4, 0)],
  ['a reserved word', (bytes) => bytes.writeUInt32LE(1, 108)],
  ['a reserved end', (bytes) => bytes.writeUInt32LE(1, 124)],
  ['a body above the arena', (bytes, { hello }) => bytes.writeUInt32LE(Number(hello.arenaBytes) + 4097, 4)],
  ['a body above everything', (bytes) => bytes.writeUInt32LE(0xffff_ffff, 4)],
];
for (const [why, change] of breaks) {
  stubTest(`a request with ${why} ends the process`, () =>
    withStub({}, async (gate, { end }) => {
      const bytes = bytesOf(gate);
      change(bytes, gate);
      gate.stream.write(bytes);
      assert.deepEqual(await end, { code: StubExit.GATE_BROKEN, signal: null });
    }),
  );
}

stubTest('a request behind a request that is not answered ends the process', () =>
  withStub({}, async (gate, { end }) => {
    gate.stream.write(Buffer.concat([bytesOf(gate), bytesOf(gate)]));
    assert.deepEqual(await end, { code: StubExit.GATE_BROKEN, signal: null });
  }),
);

stubTest('a request behind a table ends the process', () =>
  withStub({}, async (gate, { end }) => {
    const reads = [{ address: gate.heap(), bytes: 1 }];
    gate.stream.write(Buffer.concat([bytesOf(gate, { reads }), Buffer.of(1)]));
    assert.deepEqual(await end, { code: StubExit.GATE_BROKEN, signal: null });
  }),
);

const counts: readonly (readonly [why: string, change: (bytes: Buffer) => unknown])[] = [
  ['65 writes', (bytes) => bytes.writeUInt16LE(65, 8)],
  ['65 reads', (bytes) => bytes.writeUInt16LE(65, 10)],
  ['65,535 of both', (bytes) => bytes.fill(0xff, 8, 12)],
  ['a table longer than its body', (bytes) => bytes.writeUInt16LE(9, 8)],
  ['writes shorter than its body', (bytes) => bytes.writeBigUInt64LE(1n, 136)],
  ['writes longer than its body', (bytes) => bytes.writeBigUInt64LE(3n, 136)],
  ['too much stack', (bytes) => bytes.writeUInt32LE(2 ** 20 + 1, 12)],
  ['too large a window', (bytes) => bytes.writeUInt32LE(2 ** 16 + 1, 104)],
];
for (const [why, change] of counts) {
  stubTest(`refuses a request with ${why}, and goes on`, () =>
    withStub({}, async (gate) => {
      const bytes = bytesOf(gate, { writes: [{ address: gate.heap(), content: Uint8Array.of(5, 6) }] });
      change(bytes);
      const answer = await gate.sendBytes(bytes);
      assert.deepEqual([answer.kind, answer.reason], [AnswerKind.REFUSED, RefusalReason.COUNTS]);
      const next = await gate.send({ kind: RequestKind.ACCESS, reads: [{ address: gate.heap(), bytes: 2 }] });
      assert.deepEqual([...(next.reads[0] ?? [])], [0, 0]);
      assert.equal((await gate.send({ rdi: Command.next, rsi: 1n })).rdi, 2n);
    }),
  );
}

stubTest('a request may come in any pieces', () =>
  withStub({}, async (gate) => {
    const content = Buffer.alloc(3000, 'pieces ');
    const change = { kind: RequestKind.ACCESS, writes: [{ address: gate.heap(), content }] };
    const bytes = bytesOf(gate, change);
    for (const size of [1, 127, 128, 129, 145]) {
      for (let at = size; at < bytes.length; at += size) {
        await new Promise((resolve) => gate.stream.write(bytes.subarray(at - size, at), resolve));
      }
      const last = bytes.subarray(Math.floor((bytes.length - 1) / size) * size);
      assert.equal((await gate.sendBytes(last)).kind, AnswerKind.DATA);
      const [read] = (await gate.send({ kind: RequestKind.ACCESS, reads: [{ address: gate.heap(), bytes: 3000 }] }))
        .reads;
      assert.ok(content.equals(read ?? content.subarray(1)));
    }
  }),
);

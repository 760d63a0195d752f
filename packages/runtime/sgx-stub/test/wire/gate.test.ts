import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { refuses } from './refuses.ts';
import {
  AnswerKind,
  encodeGateAnswer,
  encodeGateHello,
  encodeGateRequest,
  gateAnswerReader,
  gateRequestReader,
  parseGateAnswer,
  parseGateHello,
  parseGateRequest,
  RefusalReason,
  RequestKind,
  stubExitReason,
  StubExit,
  type GateAnswer,
  type GateHello,
  type GateRequest,
  type Message,
  type MessageReader,
} from '../../src/wire/index.ts';

const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const content = fc.uint8Array({ maxLength: 40 });
const registers = { rdi: word, rsi: word, rdx: word, r8: word, r9: word, r10: word, rsp: word, rbp: word };

const anyRequest: fc.Arbitrary<GateRequest> = fc.record({
  kind: fc.constantFrom(...Object.values(RequestKind)),
  ...registers,
  writes: fc.array(fc.record({ address: word, content }), { maxLength: 5 }),
  reads: fc.array(fc.record({ address: word, bytes: fc.nat({ max: 2 ** 30 }) }), { maxLength: 5 }),
  finalMask: word,
  finalValue: word,
  stackTop: word,
  exitStackBytes: fc.nat({ max: 2 ** 20 }),
  windowBytes: fc.nat({ max: 2 ** 16 }),
});

const common = { reason: fc.nat({ max: 255 }), cssa: fc.nat({ max: 9 }), ...registers, faultPage: word };
const none = fc.constant(new Uint8Array(0));
const anyAnswer: fc.Arbitrary<GateAnswer> = fc.oneof(
  fc.record({
    kind: fc.constant(AnswerKind.EXIT),
    ...common,
    final: fc.constant(false),
    stack: content,
    window: content,
    reads: fc.constant([]),
  }),
  fc.record({
    kind: fc.constant(AnswerKind.EXIT),
    ...common,
    final: fc.constant(true),
    stack: none,
    window: none,
    reads: fc.array(content),
  }),
  fc.record({
    kind: fc.constantFrom(AnswerKind.EXCEPTION, AnswerKind.REFUSED),
    ...common,
    final: fc.constant(false),
    stack: none,
    window: none,
    reads: fc.constant([]),
  }),
  fc.record({
    kind: fc.constant(AnswerKind.DATA),
    ...common,
    final: fc.constant(false),
    stack: none,
    window: none,
    reads: fc.array(content),
  }),
);

/** Feeds bytes in pieces of a size; each message is read at once, since it lends its bytes. */
function readAll<T>(reader: MessageReader, bytes: Uint8Array, size: number, read: (message: Message) => T): T[] {
  const found: T[] = [];
  const whole = Uint8Array.from(bytes);
  for (let at = 0; at < whole.length; at += size) {
    reader.push(whole.slice(at, at + size), (message) => found.push(read(message)));
  }
  assert.ok(reader.isBetween);
  return found;
}

/** Values only: a Buffer and a Uint8Array of the same bytes are the same. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return `${each}n`;
    return each instanceof Uint8Array ? Buffer.from(each).toString('hex') : each;
  });
const sorted = <T extends object>(value: T): unknown =>
  Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));

test('requests come back as they were, wherever the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 400 }), (all, size) => {
      const bytes = Buffer.concat(all.flatMap((request) => [...encodeGateRequest(request)]));
      const read = readAll(gateRequestReader(2 ** 20), bytes, size, (message) => sorted(parseGateRequest(message)));
      assert.equal(plain(read), plain(all.map(sorted)));
    }),
  );
});

test('answers come back as they were, wherever the stream is cut', () => {
  fc.assert(
    fc.property(anyAnswer, fc.integer({ min: 1, max: 400 }), (answer, size) => {
      const lengths = answer.reads.map(({ length }) => length);
      const reader = gateAnswerReader(() => lengths.reduce((sum, length) => sum + length, 0));
      const read = readAll(reader, encodeGateAnswer(answer), size, (message) =>
        sorted(parseGateAnswer(message, lengths)),
      );
      assert.equal(plain(read), plain([sorted(answer)]));
    }),
  );
});

const empty = new Uint8Array(0);
const noRegisters = { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n };
const request: GateRequest = {
  kind: RequestKind.ENTER,
  ...noRegisters,
  writes: [],
  reads: [],
  finalMask: 0n,
  finalValue: 0n,
  stackTop: 0n,
  exitStackBytes: 0,
  windowBytes: 0,
};
const answer: GateAnswer = {
  kind: AnswerKind.EXIT,
  reason: 0,
  cssa: 0,
  ...noRegisters,
  faultPage: 0n,
  final: false,
  stack: empty,
  window: empty,
  reads: [],
};

test('a large body may be read to where it stays, and other bytes of the stream meanwhile', () => {
  const memory = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  const [nothing, zeros] = [new Uint8Array(), { rdi: 0n, rsi: 0n, rdx: 0n, r8: 0n, r9: 0n, r10: 0n, rsp: 0n, rbp: 0n }];
  const state = { kind: AnswerKind.DATA, reason: 0, cssa: 0, faultPage: 0n, final: false };
  const stream = encodeGateAnswer({ ...state, ...zeros, stack: nothing, window: nothing, reads: [memory] });
  const reader = gateAnswerReader(() => memory.length);
  const found: { readonly body: Uint8Array; readonly isOfChunk: boolean }[] = [];
  const accept = ({ body }: { readonly body: Uint8Array }, isOfChunk: boolean): void =>
    void found.push({ body, isOfChunk });
  const roomNow = (): Uint8Array | undefined => reader.room;
  assert.equal(roomNow(), undefined);
  reader.push(stream.subarray(0, 1000), accept);
  let at = 1000;
  for (const bytes of [100_000, 50_000]) {
    const room = roomNow()?.subarray(0, bytes);
    assert.ok(room !== undefined);
    room.set(stream.subarray(at, at + bytes));
    at += bytes;
    reader.push(room, accept);
  }
  // The rest arrives elsewhere.
  reader.push(stream.subarray(at), accept);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.isOfChunk, false);
  assert.deepEqual(found[0]?.body, memory);
  assert.equal(roomNow(), undefined);
  reader.push(stream, accept);
  assert.equal(found[1]?.isOfChunk, true);
});

test('a request lies as the stub reads it', () => {
  const parts = encodeGateRequest({
    ...request,
    rdi: 1n,
    rbp: 2n,
    finalMask: 3n,
    finalValue: 4n,
    stackTop: 5n,
    exitStackBytes: 6,
    windowBytes: 7,
    writes: [{ address: 8n, content: Uint8Array.of(9, 9) }],
    reads: [{ address: 10n, bytes: 11 }],
  });
  assert.equal(parts.length, 1);
  const view = Buffer.from(parts[0] ?? empty);
  assert.deepEqual([view.length, view.readUInt32LE(0), view.readUInt32LE(4)], [162, 1, 34]);
  assert.deepEqual([view.readUInt16LE(8), view.readUInt16LE(10), view.readUInt32LE(12)], [1, 1, 6]);
  const words = [16, 72, 80, 88, 96, 128, 136, 144, 152].map((at) => view.readBigUInt64LE(at));
  assert.deepEqual(words, [1n, 2n, 3n, 4n, 5n, 8n, 2n, 10n, 11n]);
  assert.equal(view.readUInt32LE(104), 7);
  assert.deepEqual([...view.subarray(160)], [9, 9]);
});

test('what a large request writes is not copied', () => {
  const large = new Uint8Array(65_536);
  const parts = encodeGateRequest({ ...request, writes: [{ address: 0n, content: large }] });
  assert.deepEqual(
    parts.map(({ length }) => length),
    [144, 65_536],
  );
  assert.equal(parts[1], large);
});

test('a request has nothing of the memory that it is built in', () => {
  let probe = Buffer.allocUnsafe(8);
  while (probe.buffer.byteLength - probe.byteOffset < 1024) probe = Buffer.allocUnsafe(8);
  const { buffer, byteOffset } = probe;
  // All that is left of the pool, which holds what the host used it for before.
  new Uint8Array(buffer, byteOffset + 8).fill(255);
  const [bytes] = encodeGateRequest({ ...request, kind: RequestKind.ACCESS, rsp: 0n, rbp: 0n, stackTop: 0n });
  assert.equal(bytes?.buffer, buffer);
  assert.deepEqual([bytes[0], bytes.reduce((sum, byte) => sum + byte, 0)], [RequestKind.ACCESS, RequestKind.ACCESS]);
});

test('an answer lies as the stub writes it', () => {
  const view = Buffer.from(
    encodeGateAnswer({ ...answer, reason: 14, cssa: 1, rdi: 2n, rbp: 3n, faultPage: 4n, stack: Uint8Array.of(5) }),
  );
  assert.deepEqual(
    [0, 4, 8, 12, 88, 92, 96].map((at) => view.readUInt32LE(at)),
    [1, 1, 14, 1, 1, 0, 0],
  );
  assert.deepEqual(
    [16, 72, 80].map((at) => view.readBigUInt64LE(at)),
    [2n, 3n, 4n],
  );
});

test('refuses to encode a request that the stub would refuse', () => {
  const range = { address: 0n, bytes: 0 };
  const write = { address: 0n, content: empty };
  for (const change of [
    { writes: Array.from({ length: 65 }, () => write) },
    { reads: Array.from({ length: 65 }, () => range) },
    { exitStackBytes: 2 ** 20 + 1 },
    { windowBytes: 2 ** 16 + 1 },
  ]) {
    refuses(() => encodeGateRequest({ ...request, ...change }));
  }
});

function parseChangedRequest(change: (bytes: Buffer) => unknown, from: GateRequest = request): void {
  const bytes = Buffer.concat([...encodeGateRequest(from)]);
  change(bytes);
  gateRequestReader(100).push(bytes, (message) => void parseGateRequest(message));
}

const refusedRequests: readonly (readonly [why: string, change: (bytes: Buffer) => unknown])[] = [
  ['an unknown kind', (bytes) => bytes.writeUInt32LE(4, 0)],
  ['a body above the bound', (bytes) => bytes.writeUInt32LE(101, 4)],
  ['a table that ends early', (bytes) => bytes.writeUInt16LE(2, 8)],
  ['65 ranges', (bytes) => bytes.writeUInt16LE(65, 8)],
  ['bytes that nothing writes', (bytes) => bytes.writeBigUInt64LE(1n, 136)],
  ['a write that ends early', (bytes) => bytes.writeBigUInt64LE(3n, 136)],
  ['a range above any arena', (bytes) => bytes.writeBigUInt64LE(2n ** 62n, 136)],
  ['too much stack', (bytes) => bytes.writeUInt32LE(2 ** 20 + 1, 12)],
  ['too large a window', (bytes) => bytes.writeUInt32LE(2 ** 16 + 1, 104)],
  ['a reserved word', (bytes) => bytes.writeUInt32LE(1, 124)],
];
for (const [why, change] of refusedRequests) {
  test(`refuses a request with ${why}`, () => {
    const from = { ...request, writes: [{ address: 0n, content: Uint8Array.of(1, 2) }] };
    refuses(() => parseChangedRequest(change, from));
  });
}

const final: GateAnswer = { ...answer, final: true, reads: [Uint8Array.of(1, 2)] };
const refusedAnswers: readonly (readonly [why: string, from: GateAnswer, change: (bytes: Buffer) => unknown])[] = [
  ['kind 0', answer, (bytes) => bytes.writeUInt32LE(0, 0)],
  ['kind 5', answer, (bytes) => bytes.writeUInt32LE(5, 0)],
  ['a body above the bound', answer, (bytes) => bytes.writeUInt32LE(2 ** 21, 4)],
  ['a final word of 2', answer, (bytes) => bytes.writeUInt32LE(2, 96)],
  ['a final exception', { ...answer, kind: AnswerKind.EXCEPTION }, (bytes) => bytes.writeUInt32LE(1, 96)],
  ['a reserved word', answer, (bytes) => bytes.writeUInt32LE(1, 100)],
  ['more stack than body', answer, (bytes) => bytes.writeUInt32LE(1, 88)],
  ['more window than body', answer, (bytes) => bytes.writeUInt32LE(1, 92)],
  ['lengths that overflow', answer, (bytes) => bytes.fill(0xff, 88, 96)],
  ['a stack in a final exit', final, (bytes) => bytes.writeUInt32LE(2, 88)],
  ['a window in a final exit', final, (bytes) => bytes.writeUInt32LE(2, 92)],
  ['memory in an exit that is not final', final, (bytes) => bytes.writeUInt32LE(0, 96)],
  ['memory in a refusal', { ...final, final: false, kind: AnswerKind.REFUSED }, () => undefined],
  ['less memory than asked for', { ...final, reads: [Uint8Array.of(1)] }, () => undefined],
  ['more memory than asked for', { ...final, reads: [Uint8Array.of(1, 2, 3)] }, () => undefined],
];
for (const [why, from, change] of refusedAnswers) {
  test(`refuses an answer with ${why}`, () => {
    const bytes = Buffer.from(encodeGateAnswer(from));
    change(bytes);
    const reader = gateAnswerReader(() => 2);
    refuses(() => reader.push(bytes, (message) => void parseGateAnswer(message, [2])));
  });
}

const hello: GateHello = {
  thread: 1,
  arenaBase: 0x10000n,
  arenaBytes: 0x20000n,
  stackBase: 0x20000n,
  stackBytes: 0x10000n,
  tcs: 0x103000n,
  enclaveBase: 0x100000n,
  enclaveBytes: 0x4000n,
  fastExit: true,
};

test('a greeting comes back as it was', () => {
  assert.equal(encodeGateHello(hello).length, 128);
  assert.deepEqual(parseGateHello(encodeGateHello(hello)), hello);
});

const refusedHellos: readonly (readonly [why: string, change: (bytes: Buffer) => unknown])[] = [
  ['another kind', (bytes) => bytes.writeUInt32LE(1, 0)],
  ['a body', (bytes) => bytes.writeUInt32LE(1, 4)],
  ['another protocol', (bytes) => bytes.writeUInt32LE(2, 8)],
  ['thread 64', (bytes) => bytes.writeUInt32LE(64, 12)],
  ['unknown flags', (bytes) => bytes.writeUInt32LE(2, 72)],
  ['a reserved word', (bytes) => bytes.writeUInt32LE(1, 76)],
  ['a stack before the arena', (bytes) => bytes.writeBigUInt64LE(0xf000n, 32)],
  ['a stack beyond the arena', (bytes) => bytes.writeBigUInt64LE(0x10001n, 40)],
  ['a TCS before the enclave', (bytes) => bytes.writeBigUInt64LE(0xff000n, 48)],
  ['a TCS beyond the enclave', (bytes) => bytes.writeBigUInt64LE(0x104000n, 48)],
  ['addresses of no process', (bytes) => bytes.writeBigUInt64LE(2n ** 63n, 24)],
];
for (const [why, change] of refusedHellos) {
  test(`refuses a greeting with ${why}`, () => {
    const bytes = Buffer.from(encodeGateHello(hello));
    change(bytes);
    refuses(() => parseGateHello(bytes));
  });
}

test('refuses a greeting of another length', () => refuses(() => parseGateHello(encodeGateHello(hello).subarray(1))));

test('every exit code of the stub has a sentence', () => {
  for (const code of Object.values(StubExit)) assert.match(stubExitReason(code) ?? '', /^The |^There /);
  assert.equal(stubExitReason(1), undefined);
  assert.equal(RefusalReason.CSSA, 4);
});

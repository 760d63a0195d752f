import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, createCaller, decodeValue, encodeValue, func, record, string, uint8 } from '../src/index.ts';

const parameters = { data: bytes({ maxBytes: 60_000 }), last: uint8() };
const functions = { put: func(parameters) };
const whole = record(parameters);

/** A caller whose messages are kept, as a transport may that is congested. */
function keepingCaller() {
  const messages: Uint8Array[] = [];
  const caller = createCaller(functions, async ({ payload }) => {
    messages.push(payload);
    return new Uint8Array();
  });
  const send = (byte: number, sizeBytes: number): Promise<unknown> =>
    caller.put({ data: new Uint8Array(sizeBytes).fill(byte), last: byte });
  return { messages, send };
}

test('small messages share memory, and a later one never overwrites an earlier one', async () => {
  const { messages, send } = keepingCaller();
  for (let call = 0; call < 3000; call++) await send(call % 251, 60 + (call % 7));
  for (const [call, message] of messages.entries()) {
    const byte = call % 251;
    assert.deepEqual(decodeValue(whole, message), { data: new Uint8Array(60 + (call % 7)).fill(byte), last: byte });
  }
  const sent = messages.reduce((sum, { length }) => sum + length, 0);
  const memories = new Set(messages.map(({ buffer }) => buffer));
  // One that is full, one that was begun by others, and one that is in use.
  assert.ok(memories.size <= sent / 65_536 + 2, `${memories.size} memories for ${sent} bytes`);
});

test('messages of every size around the limits are whole, one after the other', async () => {
  const { messages, send } = keepingCaller();
  const sizes = [0, 1, 16_000, 16_381, 16_384, 16_385, 30_000, 60_000, 5, 16_300, 16_300, 16_300, 16_300, 16_300, 7];
  for (const size of sizes) await send(3, size);
  for (const [at, size] of sizes.entries()) {
    const message = messages[at] ?? assert.fail();
    assert.deepEqual(decodeValue(whole, message), { data: new Uint8Array(size).fill(3), last: 3 });
    // One that is kept must not keep much more memory than its own.
    if (size > 16_384) assert.ok(message.buffer.byteLength <= 2 * message.length);
  }
});

test('what is encoded for itself shares no memory, and leaves none of its bytes in that of messages', async () => {
  const { messages, send } = keepingCaller();
  await send(1, 10);
  const alone = encodeValue(whole, { data: new Uint8Array(1000).fill(0xdd), last: 0xdd });
  assert.equal(alone.buffer.byteLength, alone.length);
  assert.ok(!new Uint8Array(messages[0]?.buffer ?? assert.fail()).includes(0xdd));
});

const long = record({ data: bytes({ maxBytes: 60_000 }), text: string({ maxBytes: 60_000 }) });
const secret = new Uint8Array(1000).fill(0xdd);

for (const [title, refused] of [
  ['at once', () => encodeValue(whole, { data: secret, last: 300 })],
  ['after it moved to larger memory', () => encodeValue(long, { data: secret, text: `${'x'.repeat(40_000)}\ud800` })],
] as const) {
  test(`nothing of a value that is refused stays in the memory of messages: ${title}`, async () => {
    const { messages, send } = keepingCaller();
    await send(1, 10);
    assert.throws(refused);
    await send(2, 10);
    for (const { buffer } of messages) assert.ok(!new Uint8Array(buffer).includes(0xdd));
    assert.deepEqual(decodeValue(whole, messages[1] ?? assert.fail()), { data: new Uint8Array(10).fill(2), last: 2 });
  });
}

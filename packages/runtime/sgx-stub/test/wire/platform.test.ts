import assert from 'node:assert/strict';
import test from 'node:test';
import { refuses } from './refuses.ts';
import {
  encodePlatformAnswer,
  encodePlatformRequest,
  LeafStatus,
  parsePlatformAnswer,
  parsePlatformRequest,
  platformAnswerReader,
  PlatformLeaf,
  platformRequestReader,
  type Message,
  type MessageReader,
  type PlatformRequest,
} from '../../src/wire/index.ts';

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const report: PlatformRequest = { leaf: PlatformLeaf.EREPORT, targetInfo: filled(512, 1), reportData: filled(64, 2) };
const key: PlatformRequest = { leaf: PlatformLeaf.EGETKEY, keyRequest: filled(512, 3) };

function messages(reader: MessageReader, bytes: Uint8Array): readonly Message[] {
  const found: Message[] = [];
  reader.push(bytes, (message) => found.push(message));
  return found;
}

test('requests come back as they were, also one behind the other', () => {
  const bytes = Buffer.concat([report, key].map(encodePlatformRequest));
  assert.deepEqual(messages(platformRequestReader(), bytes).map(parsePlatformRequest), [report, key]);
});

test('answers come back as they were', () => {
  const cases = [
    [PlatformLeaf.EREPORT, { status: 0, result: filled(432, 4) }],
    [PlatformLeaf.EGETKEY, { status: 0, result: filled(16, 5) }],
    [PlatformLeaf.EGETKEY, { status: LeafStatus.INVALID_KEYNAME, result: filled(0, 0) }],
    [PlatformLeaf.EREPORT, { status: LeafStatus.FAULT, result: filled(0, 0) }],
  ] as const;
  for (const [leaf, answer] of cases) {
    const found = messages(platformAnswerReader(), encodePlatformAnswer(leaf, answer));
    assert.deepEqual(
      found.map((message) => parsePlatformAnswer(leaf, message)),
      [answer],
    );
  }
});

test('what was parsed does not change with the bytes that it came from', () => {
  const bytes = Buffer.from(encodePlatformRequest(key));
  const [message] = messages(platformRequestReader(), bytes);
  assert.ok(message !== undefined);
  const parsed = parsePlatformRequest(message);
  bytes.fill(9);
  assert.deepEqual(parsed, key);
});

const head = (word: number, bytes: number): Uint8Array => {
  const out = Buffer.alloc(8 + bytes);
  out.writeUInt32LE(word, 0);
  out.writeUInt32LE(bytes, 4);
  return out;
};
const refusedRequests: readonly (readonly [why: string, bytes: Uint8Array])[] = [
  ['leaf 0', head(0, 512)],
  ['leaf 3', head(3, 512)],
  ['a report request that is short', head(1, 512)],
  ['a key request that is long', head(2, 576)],
  ['more than any request', head(1, 577)],
];
for (const [why, bytes] of refusedRequests) {
  test(`refuses a request with ${why}`, () =>
    refuses(() => messages(platformRequestReader(), bytes).map(parsePlatformRequest)));
}

test('refuses a request of another length before it is sent', () => {
  refuses(() => encodePlatformRequest({ leaf: PlatformLeaf.EGETKEY, keyRequest: filled(511, 0) }));
  refuses(() => encodePlatformRequest({ ...report, reportData: filled(65, 0) }));
});

test('refuses an answer that does not fit to its status', () => {
  const refused = [
    [PlatformLeaf.EREPORT, 0, 16],
    [PlatformLeaf.EGETKEY, 0, 432],
    [PlatformLeaf.EGETKEY, 0, 0],
    [PlatformLeaf.EGETKEY, 2, 16],
  ] as const;
  for (const [leaf, status, bytes] of refused) {
    refuses(() => encodePlatformAnswer(leaf, { status, result: filled(bytes, 0) }));
    refuses(() =>
      messages(platformAnswerReader(), head(status, bytes)).map((message) => parsePlatformAnswer(leaf, message)),
    );
  }
});

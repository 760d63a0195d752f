import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, fromHex, toHex, utf8 } from '@enclos/codec';
import fc from 'fast-check';
import {
  bhttpRequestDecoder,
  bhttpStream,
  decodeBhttpRequest,
  decodeBhttpResponse,
  encodeBhttpRequest,
  encodeBhttpResponse,
  type BhttpField,
} from '../src/index.ts';
import { encodeVarint, readVarint } from '../src/varint.ts';
import { is } from './scene.ts';
import { rfc9458 } from './vectors.ts';

const limits = { maxContentBytes: 1000 };
const head = { method: 'GET', scheme: 'https', authority: 'example.com', path: '/', fields: [] };
const refused = (bytes: Uint8Array, bounds = limits): void =>
  assert.throws(() => decodeBhttpRequest(bytes, bounds), is('OHTTP_MESSAGE_INVALID'));

test('the messages of RFC 9458 are read, with the sections that they leave out', () => {
  assert.deepEqual(decodeBhttpRequest(fromHex(rfc9458.request), limits), {
    head,
    content: new Uint8Array(0),
    trailer: [],
  });
  assert.deepEqual(decodeBhttpResponse(fromHex(rfc9458.response), limits).head, { status: 200, fields: [] });
  assert.equal(toHex(encodeBhttpRequest(head, new Uint8Array(0))), `${rfc9458.request}000000`);
});

test('the example of RFC 9292, section 5.1, of indeterminate length', () => {
  const bytes = concatBytes(
    fromHex('02034745540568747470730b7777772e6578616d706c65'.replace('0b7777772e6578616d706c65', '00')),
    fromHex('0a2f68656c6c6f2e747874'),
    fromHex('0a757365722d6167656e74'),
    fromHex(
      '346375726c2f372e31362e33206c69626375726c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e33',
    ),
    fromHex('04686f73740f7777772e6578616d706c652e636f6d'),
    fromHex('0f6163636570742d6c616e6775616765'),
    fromHex('06656e2c206d69'),
    fromHex('000000'),
    new Uint8Array(10),
  );
  const { head: found, content } = decodeBhttpRequest(bytes, limits);
  assert.equal(found.path, '/hello.txt');
  assert.deepEqual(
    found.fields.map(([name]) => name),
    ['user-agent', 'host', 'accept-language'],
  );
  assert.equal(content.length, 0);
});

test('informational responses are passed over', () => {
  // RFC 9292, section 5.2: 102 and 103 before 200.
  const bytes = concatBytes(
    Uint8Array.of(3),
    encodeVarint(102),
    fromHex('0772756e6e696e670a22736c65657020313522'),
    Uint8Array.of(0),
    encodeVarint(103),
    Uint8Array.of(0),
    bhttpStream.response({ status: 200, fields: [['a', 'b']] }).subarray(1),
    bhttpStream.content(utf8('x')),
    bhttpStream.end([['t', 'u']]),
  );
  const { head: found, content, trailer } = decodeBhttpResponse(bytes, limits);
  assert.deepEqual([found, content, trailer], [{ status: 200, fields: [['a', 'b']] }, utf8('x'), [['t', 'u']]]);
});

const nameArbitrary = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
const valueArbitrary = fc.stringMatching(/^(?:[!-~\u0080-\u00ff](?:[ -~]{0,20}[!-~])?)?$/);
const fieldsArbitrary = fc.array(fc.tuple(nameArbitrary, valueArbitrary), { maxLength: 6 });

test('what is encoded is decoded: known and open length, in pieces of any size, with padding', () => {
  fc.assert(
    fc.property(
      fc.record({
        method: fc.constantFrom('GET', 'POST'),
        scheme: fc.constant('https'),
        authority: fc.constant('a.example:8443'),
        path: fc.constantFrom('/', '/v2/models/a/infer?x=1'),
        fields: fieldsArbitrary,
      }),
      fc.uint8Array({ maxLength: 200 }),
      fieldsArbitrary,
      fc.record({ size: fc.integer({ min: 1, max: 90 }), padTo: fc.integer({ min: 0, max: 600 }) }),
      (found, content, trailer, { size, padTo }) => {
        const request = { ...found };
        const known = encodeBhttpRequest(request, content, { padTo });
        assert.ok(known.length >= padTo);
        const open = concatBytes(
          bhttpStream.request(request),
          ...pieces(content, size).map(bhttpStream.content),
          bhttpStream.end(trailer),
        );
        for (const [bytes, tail] of [
          [known, []],
          [open, trailer],
        ] as const) {
          const expected = { head: request, content, trailer: tail };
          assert.deepEqual(decodeBhttpRequest(bytes, limits), expected);
          const decoder = bhttpRequestDecoder(limits);
          const events = [...pieces(bytes, size).flatMap((piece) => decoder.push(piece)), ...decoder.end()];
          const joined = concatBytes(...events.flatMap((event) => (event.type === 'content' ? [event.bytes] : [])));
          assert.deepEqual(joined, content);
          assert.deepEqual(events[0], { type: 'head', head: request });
          assert.deepEqual(events.at(-1), { type: 'end', trailer: tail });
        }
      },
    ),
  );
});

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(bytes.subarray(at, at + size));
  return found;
}

test('a response comes back with its status and fields', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 599 }),
      fieldsArbitrary,
      fc.uint8Array({ maxLength: 99 }),
      (status, fields, content) => {
        const bytes = encodeBhttpResponse({ status, fields }, content);
        assert.deepEqual(decodeBhttpResponse(bytes, limits), { head: { status, fields }, content, trailer: [] });
      },
    ),
  );
});

test('each malformed message is refused by its rule', () => {
  const request = encodeBhttpRequest({ ...head, fields: [['a', 'b']] }, utf8('content'));
  const start = concatBytes(Uint8Array.of(2), encodeBhttpRequest(head, new Uint8Array(0)).subarray(1, 25));
  const line = (name: string, value: string): Uint8Array =>
    concatBytes(
      start,
      fromHex(`0${name.length}`),
      utf8(name),
      fromHex(`0${value.length}`),
      utf8(value),
      new Uint8Array(3),
    );
  decodeBhttpRequest(line('a', 'b'), limits);
  for (const bad of [
    line('A', 'b'),
    line(':a', 'b'),
    line('a b', 'c'),
    line('a', 'b\n'),
    line('a', ' b'),
    line('a', '\0'),
  ]) {
    refused(bad);
  }
  for (const cut of [1, 5, 20, request.length - 3, request.length - 10]) refused(request.subarray(0, cut));
  refused(concatBytes(request, Uint8Array.of(0, 1)));
  refused(concatBytes(Uint8Array.of(1), request.subarray(1)));
  refused(concatBytes(Uint8Array.of(4), request.subarray(1)));
  refused(concatBytes(Uint8Array.of(0x40, 0), request.subarray(1)));
  refused(concatBytes(Uint8Array.of(0, 0), request.subarray(2)));
  refused(concatBytes(start, Uint8Array.of(0), bhttpStream.content(utf8('cut between pieces'))));
  assert.throws(
    () => decodeBhttpResponse(concatBytes(Uint8Array.of(1), encodeVarint(600)), limits),
    is('OHTTP_MESSAGE_INVALID'),
  );
  assert.throws(
    () => decodeBhttpResponse(concatBytes(Uint8Array.of(1), encodeVarint(99)), limits),
    is('OHTTP_MESSAGE_INVALID'),
  );
  assert.throws(
    () => decodeBhttpResponse(concatBytes(Uint8Array.of(1), encodeVarint(100), Uint8Array.of(0)), limits),
    is('OHTTP_MESSAGE_INVALID'),
  );
});

test('D10: bounds are checked before bytes are waited for', () => {
  const request = encodeBhttpRequest(
    {
      ...head,
      fields: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
    new Uint8Array(500),
  );
  decodeBhttpRequest(request, { maxContentBytes: 500 });
  for (const bound of [{ maxContentBytes: 499 }, { ...limits, maxFields: 1 }, { ...limits, maxHeadBytes: 30 }]) {
    refused(request, bound);
  }
  const huge = encodeVarint(2 ** 40);
  assert.throws(
    () => bhttpRequestDecoder(limits).push(concatBytes(Uint8Array.of(0), huge)),
    is('OHTTP_MESSAGE_INVALID'),
  );
  const control = encodeBhttpRequest(head, new Uint8Array(0)).subarray(0, 25);
  assert.throws(() => bhttpRequestDecoder(limits).push(concatBytes(control, huge)), is('OHTTP_MESSAGE_INVALID'));
  assert.throws(
    () => bhttpRequestDecoder(limits).push(concatBytes(control, Uint8Array.of(0), huge)),
    is('OHTTP_MESSAGE_INVALID'),
  );
});

test('a decoder that has refused a message refuses the rest', () => {
  const decoder = bhttpRequestDecoder(limits);
  assert.throws(() => decoder.push(Uint8Array.of(9)), is('OHTTP_MESSAGE_INVALID'));
  assert.throws(() => decoder.push(encodeBhttpRequest(head, new Uint8Array(0))), is('OHTTP_MESSAGE_INVALID'));
  assert.throws(() => decoder.end(), is('OHTTP_MESSAGE_INVALID'));
});

test('what HTTP forbids is not encoded', () => {
  const bad: readonly BhttpField[] = [
    ['A', ''],
    ['', ''],
    ['a', '\r'],
    ['a', 'b '],
    ['a', '\u0100'],
  ];
  for (const field of bad) {
    assert.throws(
      () => encodeBhttpRequest({ ...head, fields: [field] }, new Uint8Array(0)),
      is('OHTTP_MESSAGE_INVALID'),
    );
  }
  for (const part of [{ method: 'G T' }, { path: '/ä' }, { authority: 'a b' }, { scheme: '\n' }]) {
    assert.throws(() => encodeBhttpRequest({ ...head, ...part }, new Uint8Array(0)), is('OHTTP_MESSAGE_INVALID'));
  }
  assert.throws(() => encodeBhttpResponse({ status: 103, fields: [] }, new Uint8Array(0)), is('OHTTP_MESSAGE_INVALID'));
  assert.throws(
    () => encodeBhttpResponse({ status: 200, fields: [] }, new Uint8Array(0), { padTo: -1 }),
    is('OHTTP_MESSAGE_INVALID'),
  );
});

test('variable-length integers come back, in their shortest form only', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 46 }), (value) => {
      const bytes = encodeVarint(value);
      assert.deepEqual(readVarint(bytes), { value, bytes: bytes.length });
      assert.equal(readVarint(bytes.subarray(0, bytes.length - 1)), undefined);
    }),
  );
  for (const [value, hex] of [
    [37, '25'],
    [15_293, '7bbd'],
    [494_878_333, '9d7f3e7d'],
  ] as const) {
    assert.equal(toHex(encodeVarint(value)), hex);
  }
  for (const long of ['4025', '80003bbd', 'c00000001d7f3e7d', 'ffffffffffffffff']) {
    assert.equal(readVarint(fromHex(long)), 'invalid');
  }
  for (const value of [-1, 0.5, 2 ** 46 + 1]) assert.throws(() => encodeVarint(value), is('HPKE_LIMIT_EXCEEDED'));
});

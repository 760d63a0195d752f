import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { emptyChain, encodeRecord, headAfter, maxLineBytes, parseRecord } from '../../src/audit/record.ts';
import { now, refused } from './support.ts';

const parse = (line: string) => parseRecord(Buffer.from(line));

describe('a record of an audit log', () => {
  test('is one line of JSON, with its number, its time and the hash of the line before', () => {
    const line = encodeRecord(emptyChain, now(), { event: 'egetkey', enclave: '1.1', count: 2, other: true });
    assert.equal(
      line,
      `{"seq":1,"time":"2026-06-01T12:00:00.000Z","prev":"${'0'.repeat(64)}","event":"egetkey","enclave":"1.1","count":2,"other":true}`,
    );
    assert.deepEqual(headAfter(1, line), { seq: 1, hash: createHash('sha256').update(line).digest('hex') });
  });

  test('property: what is written is read', () => {
    const field = fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.integer(), fc.boolean());
    const fields = fc.dictionary(fc.stringMatching(/^x[a-zA-Z]{0,10}$/), field, { maxKeys: 10 });
    const time = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(fields, time, fc.nat(), (given, at, seq) => {
        const head = { seq, hash: 'ab'.repeat(32) };
        const record = parse(encodeRecord(head, at, { event: 'some-event', ...given }));
        assert.deepEqual(record && { ...record, fields: { ...record.fields } }, {
          seq: seq + 1,
          time: at.toISOString(),
          prev: head.hash,
          event: 'some-event',
          fields: { ...given },
        });
      }),
    );
  });

  test('property: other bytes are no record, and nothing is thrown', () => {
    const line = encodeRecord(emptyChain, now(), { event: 'test', number: 1 });
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(line);
        bytes[at] = byte;
        const record = parseRecord(bytes);
        if (record !== undefined) assert.equal(JSON.stringify({ ...record, fields: undefined }).length > 0, true);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseRecord(bytes) === undefined));
  });

  const line = encodeRecord(emptyChain, now(), { event: 'test', number: 1 });
  const others: Readonly<Record<string, string>> = {
    'with a space more': line.replace(',', ', '),
    'with a key twice': line.replace('"number":1', '"number":1,"number":1'),
    'with an object as a field': line.replace('"number":1', '"number":{}'),
    'with null as a field': line.replace('"number":1', '"number":null'),
    'with an odd field name': line.replace('"number"', '"__proto__"'),
    'with another number form': line.replace('"number":1', '"number":1.0'),
    'with keys in another order': line.replace(/("seq":1),("time":"[^"]+")/, '$2,$1'),
    'with a bad time': line.replace('.000Z', 'Z'),
    'with a short hash': line.replace('00', '0'),
    'with record 0': line.replace('"seq":1', '"seq":0'),
    'with an event of other characters': line.replace('"test"', '"Test"'),
    'that is an array': `[${line}]`,
    'that is longer than a line': line.replace('"number":1', `"number":"${'x'.repeat(maxLineBytes)}"`),
  };
  for (const [what, text] of Object.entries(others)) {
    test(`${what} is none`, () => {
      assert.notEqual(text, line);
      assert.equal(parse(text), undefined);
    });
  }

  test('that is too long is not written', () => {
    const event = { event: 'test', text: 'x'.repeat(maxLineBytes) };
    assert.throws(() => encodeRecord(emptyChain, now(), event), refused('PLATFORM_AUDIT_FAILED'));
  });
});

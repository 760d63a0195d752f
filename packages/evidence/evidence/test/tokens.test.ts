import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborArray, cborBytes, cborTag, concatBytes, utf8 } from '@enclos/codec';
import {
  coseSign1,
  earCborClaims,
  earClaims,
  earProfile,
  encodeCbor,
  unsignedToken,
  type CborValue,
} from '@enclos/evidence-kit';
import fc from 'fast-check';
import { explain } from '../src/explain.ts';
import { recognise } from '../src/recognise.ts';
import { readCwt } from '../src/recognise/tokens/cwt.ts';
import { earAppraisals } from '../src/recognise/tokens/ear.ts';
import { sha256 } from './sha256.ts';

test('results are known by profile, by a status, and not by their names alone', () => {
  const known = [
    earClaims,
    { 'ear.status': 'warning' },
    { submods: { a: { 'ear.status': 0 } } },
    { eat_profile: 'tag:ietf.org,2026:rats/ear#01' },
    { eat_profile: earProfile, submods: 7 },
  ];
  for (const each of known) assert.notEqual(earAppraisals(each), undefined, JSON.stringify(each));
  const others = [{}, { iss: 'x' }, { eat_profile: 'tag:psacertified.org,2023:psa#tfm' }, { submods: { a: { b: 1 } } }];
  for (const each of others) assert.equal(earAppraisals(each), undefined, JSON.stringify(each));
});

test('what is not a signed map of claims is not a token in CBOR', () => {
  const good = coseSign1(earCborClaims);
  assert.notEqual(readCwt(good), undefined);
  const twice = Uint8Array.of(0xa2, ...encodeCbor(6), ...encodeCbor(1), ...encodeCbor('iat'), ...encodeCbor(2));
  const withPayload = (payload: Uint8Array): Uint8Array => {
    return cborTag(
      18,
      cborArray(
        cborBytes(encodeCbor(new Map())),
        encodeCbor(new Map()),
        cborBytes(payload),
        cborBytes(new Uint8Array(1)),
      ),
    );
  };
  for (const bytes of [
    new Uint8Array(),
    good.subarray(0, -1),
    concatBytes(good, Uint8Array.of(0)),
    cborTag(17, good.subarray(1)),
    cborTag(18, cborArray(cborBytes(new Uint8Array()), cborBytes(new Uint8Array()))),
    coseSign1('text'),
    coseSign1([1]),
    coseSign1(earCborClaims, 'text'),
    withPayload(utf8('{"iss":"x"}')),
    withPayload(twice),
    withPayload(concatBytes(encodeCbor(new Map([[6, 1]])), Uint8Array.of(0))),
  ]) {
    assert.equal(readCwt(bytes), undefined);
    assert.notEqual(recognise(bytes).form, 'cwt');
  }
});

test('a key that is text is a claim under that name, and never one that has a number', () => {
  const named = new Map<string, CborValue>(
    ['1000', '4', 'constructor', 'toString', '__proto__'].map((name) => [name, 2]),
  );
  const read = readCwt(coseSign1(named))?.claims ?? {};
  assert.deepEqual(new Map(Object.entries(read)), named);
  assert.equal(earAppraisals(read), undefined);
});

test('a status that is none of the four has no meaning', () => {
  for (const status of ['constructor', 'toString', '__proto__', '2', [2], ['affirming'], 3, -1, null]) {
    const token = unsignedToken({ eat_profile: earProfile, 'ear.status': status });
    const appraisal = explain(utf8(token), { sha256 }).nodes.find(({ label }) => label === 'appraisal');
    const [shown] = appraisal?.children ?? [];
    const value = typeof status === 'string' ? status : JSON.stringify(status);
    assert.deepEqual([shown?.value, shown?.note], [value, undefined]);
  }
});

test('depth and number of claims are bounded', () => {
  let deep: CborValue = 1;
  for (let level = 0; level < 12; level++) deep = new Map([[level, deep]]);
  const wide = Array.from({ length: 20 }, () => Array.from({ length: 200 }, () => 1));
  for (const value of [deep, wide]) {
    const found = readCwt(coseSign1(new Map<number, CborValue>([[6, value]])));
    const text = JSON.stringify(found?.claims ?? {});
    assert.ok(text.length < 8192, `${text.length} characters`);
  }
});

test('whatever the bytes are, a token comes out or nothing', () => {
  const good = coseSign1(earCborClaims);
  const mutated = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }).map((changes) => {
    const bytes = good.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.uint8Array({ maxLength: 100 }).map((tail) => concatBytes(Uint8Array.of(0xd2), tail)),
      ),
      (bytes) => {
        readCwt(bytes);
        assert.notEqual(explain(bytes, { sha256 }).title, '');
      },
    ),
    { numRuns: 500 },
  );
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { boundReportData, unbound } from '../src/index.ts';
import { boundReportDataSync } from '../src/node.ts';

const fixedNonce = new Uint8Array(16).fill(1);

test('report data is SHA-256 of the documented encoding, then zeros', async () => {
  const key = Uint8Array.of(5, 6);
  const hash = createHash('sha256')
    .update(Uint8Array.of(21))
    .update('enclos.report-data.v1')
    .update(Uint8Array.of(4))
    .update('test')
    .update(Uint8Array.of(16, 0))
    .update(fixedNonce);
  const withKey = hash
    .copy()
    .update(Uint8Array.of(1, 2, 0))
    .update(key)
    .digest('hex');
  const without = hash.update(Uint8Array.of(0)).digest('hex');
  assert.equal(toHex(await boundReportData({ purpose: 'test', nonce: fixedNonce, key })), withKey + '00'.repeat(32));
  assert.equal(toHex(await boundReportData({ purpose: 'test', nonce: fixedNonce })), without + '00'.repeat(32));
});

test('the hash is that of the given WebCrypto', async () => {
  const calls: string[] = [];
  const { subtle: real } = globalThis.crypto;
  const subtle = new Proxy(real, {
    get: (_, name) => {
      calls.push(String(name));
      return name === 'digest' ? real.digest.bind(real) : undefined;
    },
  });
  await boundReportData({ purpose: 'test', nonce: fixedNonce, subtle });
  assert.deepEqual(calls, ['digest']);
});

test('the synchronous twin gives the same', async () => {
  for (const key of [undefined, Uint8Array.of(1)]) {
    const inputs = { purpose: 'test', nonce: fixedNonce, ...(key === undefined ? {} : { key }) };
    assert.deepEqual(boundReportDataSync(inputs), await boundReportData(inputs));
  }
  assert.throws(
    () => boundReportDataSync({ purpose: '', nonce: fixedNonce }),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
});

test('different inputs never share report data', async () => {
  const inputs = fc.record({
    purpose: fc.string({ minLength: 1, maxLength: 4 }),
    nonce: fc.uint8Array({ minLength: 16, maxLength: 18 }),
    key: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }),
  });
  const shown = ({
    purpose,
    nonce,
    key,
  }: {
    purpose: string;
    nonce: Uint8Array;
    key: Uint8Array | undefined;
  }): string => [toHex(utf8(purpose)), toHex(nonce), key === undefined ? 'none' : toHex(key)].join('|');
  const report = async ({
    key,
    ...rest
  }: {
    purpose: string;
    nonce: Uint8Array;
    key: Uint8Array | undefined;
  }): Promise<string> => toHex(await boundReportData({ ...rest, ...(key === undefined ? {} : { key }) }));
  await fc.assert(
    fc.asyncProperty(inputs, inputs, async (a, b) => {
      assert.equal((await report(a)) === (await report(b)), shown(a) === shown(b));
    }),
    { numRuns: 200 },
  );
});

test('an absent key is not an empty key', async () => {
  const empty = await boundReportData({ purpose: 'test', nonce: fixedNonce, key: new Uint8Array() });
  assert.notDeepEqual(await boundReportData({ purpose: 'test', nonce: fixedNonce }), empty);
});

test('the largest inputs are accepted, larger ones are misuse', async () => {
  const largest = { purpose: 'p'.repeat(255), nonce: new Uint8Array(1024), key: new Uint8Array(65_535) };
  assert.equal((await boundReportData(largest)).length, 64);
  const bad = [
    { purpose: '' },
    { purpose: 'p'.repeat(256) },
    { nonce: new Uint8Array(15) },
    { nonce: new Uint8Array(1025) },
    { key: new Uint8Array(65_536) },
  ];
  for (const change of bad) {
    await assert.rejects(boundReportData({ ...largest, ...change }), (error) =>
      isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
});

test('unbound wants a reason', () => {
  assert.deepEqual(unbound('inspection'), { unbound: 'inspection' });
  assert.throws(
    () => unbound(' '),
    (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
  );
});

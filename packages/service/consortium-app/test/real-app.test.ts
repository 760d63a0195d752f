import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { decodeUtf8 } from '@enclos/codec/text';
import type { KvTransaction } from '@enclos/kv';
import { publicWrites, readChunk, readEntry } from '@enclos/ledger';
import { vectors } from '@enclos/testkit';

import { appMaps } from '../src/bundle/rows.ts';
import { bundle, LittleApp, textOf, user, type LittleAsk } from './kit/little-app.ts';
import { engines } from './kit/scripts.ts';

const ledger = 'ccf/testdata/cose_flipflop_service/ledger/ledger_1-14.committed';
const maps = new Set<string>([appMaps.modules, appMaps.endpoints]);

/** Puts the application of a real service into the store, row by row as its constitution wrote them: CCF's own logging application. */
function installReal(transaction: KvTransaction): void {
  for (const { bytes } of readChunk(vectors.read(ledger)).list) {
    for (const { name, writes } of publicWrites(readEntry(bytes), maps)) {
      for (const [key, value] of writes) transaction.map(name).set(key.slice(), value.slice());
    }
  }
}

/** An answer of a real service, byte for byte. */
const sample = (name: string): string => decodeUtf8(vectors.read(`ccf/http-samples/${name}`));

function open(engine: (typeof engines)[number]): LittleApp {
  const service = new LittleApp(engine, bundle('export const none = 1;', {}));
  service.stages.transact(installReal);
  return service;
}

const post = (msg: string): LittleAsk => ({ as: user, body: JSON.stringify({ id: 42, msg }) });
const id = 'x-ms-ccf-transaction-id';

describe("CCF's logging application, from a ledger of CCF", () => {
  for (const engine of engines) {
    vectors.test(`answers on ${engine.name} as on CCF`, async () => {
      const service = open(engine);
      const posted = await service.ask('POST /app/log/private', post('hello from user zero'));
      assert.deepEqual([posted.status, textOf(posted)], [200, sample('app_post_private.json')]);
      const got = await service.ask('GET /app/log/private', { as: user, query: 'id=42' });
      assert.deepEqual([got.status, textOf(got)], [200, sample('app_log_private_get.json')]);
      const transaction = posted.headers.get(id) ?? '';
      const pending = await service.ask('GET /app/receipt', { query: `transaction_id=${transaction}` });
      assert.equal(textOf(pending), sample('app_receipt_pending.json').replace('2.18', transaction));
      service.stages.sign();
      const past = { as: user, query: 'id=42', headers: { [id]: transaction } };
      const historical = await service.ask('GET /app/log/private/historical', past);
      assert.equal(textOf(historical), sample('app_log_private_historical.json'));
      const { receipt } = JSON.parse(textOf(await service.ask('GET /app/log/private/historical_receipt', past))) as {
        receipt: object;
      };
      const real = JSON.parse(sample('app_log_private_historical_receipt.json')) as { receipt: object };
      assert.deepEqual(Object.keys(receipt).toSorted(), Object.keys(real.receipt).toSorted());
      service.stages.close();
    });

    vectors.test(`refuses on ${engine.name} as CCF does`, async () => {
      const service = open(engine);
      const cases: readonly (readonly [string, string, LittleAsk])[] = [
        ['app_unauthenticated.json', 'GET /app/log/private', { query: 'id=42' }],
        ['app_no_such_path.json', 'GET /app/nosuch', {}],
        ['app_historical_no_header.json', 'GET /app/log/private/historical', { as: user, query: 'id=42' }],
        ['app_log_private_js_exception.json', 'GET /app/log/private', { as: user }],
        ['app_tx_invalid.json', 'GET /app/tx', { query: 'transaction_id=1.5' }],
        ['app_tx_unknown.json', 'GET /app/tx', { query: 'transaction_id=2.99999999' }],
      ];
      for (const [name, line, ask] of cases) {
        const { status, headers, body } = await service.ask(line, ask);
        const [, realStatus = ''] = /^HTTP\/1\.1 (\d+)/.exec(sample(`${name}.hdr`)) ?? [];
        assert.equal(String(status), realStatus, name);
        assert.equal(decodeUtf8(body), sample(name), name);
        assert.equal(headers.has(id), sample(`${name}.hdr`).includes(id), name);
      }
      service.stages.close();
    });

    vectors.test(`walks through the past on ${engine.name}`, async () => {
      const service = open(engine);
      for (const msg of ['one', 'two', 'three']) await service.ask('POST /app/log/private', post(msg));
      service.stages.sign();
      const [status, found] = await service.json('GET /app/log/private/historical/range', { as: user, query: 'id=42' });
      assert.equal(status, 200);
      assert.deepEqual(
        (found as { entries: { msg: string }[] }).entries.map(({ msg }) => msg),
        ['one', 'two', 'three'],
      );
      service.stages.close();
    });
  }

  vectors.test('is described as on CCF', async () => {
    const [engine] = engines;
    assert.ok(engine);
    const service = open(engine);
    const [, document] = await service.json('GET /app/api');
    const ours = document as { openapi: string; paths: Record<string, object> };
    const real = JSON.parse(sample('app_api.json')) as typeof ours;
    assert.equal(ours.openapi, real.openapi);
    for (const path of ['/app/commit', '/app/tx', '/app/receipt', '/app/api', '/app/log/private']) {
      assert.deepEqual(ours.paths[path], real.paths[path], path);
    }
    service.stages.close();
  });
});

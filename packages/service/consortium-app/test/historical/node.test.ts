import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { utf8 } from '@enclos/codec';
import type { HistoricalState } from '../../src/index.ts';
import { NodeHistory } from '../../src/node/history.ts';
import { bundle, textOf } from '../kit/little-app.ts';
import { engines } from '../kit/scripts.ts';
import { serviceOnLedger, untilThere } from './on-ledger.ts';

const source = `
export function put(request) { ccf.kv['records'].set(ccf.strToBuf(request.params.key), request.body.arrayBuffer()); return {}; }
export function past() { const { transactionId, kv } = ccf.historicalState;
  return { body: { transactionId, a: ccf.bufToStr(kv['records'].get(ccf.strToBuf('a'))), size: kv['records'].size } }; }
export function range(request) { const [first, last] = request.query.split('-').map(Number);
  const states = ccf.historical.getStateRange(7, first, last, 60);
  if (states === null) return { statusCode: 202 };
  return { body: states.map(({ transactionId, receipt, kv }) => [transactionId, receipt.is_signature_transaction, kv['records'].size]) }; }
export function drop() { return { body: ccf.historical.dropCachedStates(7) }; }
`;
const app = bundle(source, {
  'PUT /records/{key} put': {},
  'GET /past past': { mode: 'historical' },
  'GET /range range': { mode: 'readonly' },
  'GET /drop drop': { mode: 'readonly' },
});

for (const engine of engines) {
  describe(`the past of a service, read from its ledger, on ${engine.name}`, () => {
    const { service, historyOf, entries } = serviceOnLedger(engine, app);
    after(() => service.stages.close());

    it('is what the node itself remembers, with the same receipts', async () => {
      for (const key of ['a', 'b']) await service.ask(`PUT /records/${key}`, { body: key });
      service.stages.sign();
      const last = service.node.lastCommitted().seqno;
      const history = historyOf(service.node);
      const read = await untilThere(
        async () => Promise.resolve(history.stateRange(1, 1, last, 60)),
        (states) => states !== undefined,
      );
      const remembered = new NodeHistory(service.node).stateRange(1, 1, last);
      assert.equal(read?.length, last);
      assert.equal(entries.length, last);
      assert.deepEqual(read?.map(plain), remembered?.map(plain));
    });

    it('reaches scripts when it is there, and not before', async () => {
      const seqno = service.node.last;
      const put = await service.ask('PUT /records/a', { body: 'again' });
      const id = put.headers.get('x-ms-ccf-transaction-id') ?? '';
      assert.equal(id, `2.${seqno + 1}`);
      service.stages.sign();
      const headers = { 'x-ms-ccf-transaction-id': id };
      const first = await service.ask('GET /past', { headers });
      assert.deepEqual([first.status, first.headers.get('retry-after')], [202, '3']);
      const answer = await untilThere(
        async () => service.ask('GET /past', { headers }),
        ({ status }) => status !== 202,
      );
      assert.deepEqual(JSON.parse(textOf(answer)), { transactionId: id, a: 'again', size: 1 });
    });

    it('comes to scripts in ranges by handle', async () => {
      const seqno = service.node.lastCommitted().seqno - 1;
      const query = `${seqno}-${seqno + 1}`;
      assert.equal((await service.ask('GET /range', { query })).status, 202);
      const answer = await untilThere(
        async () => service.ask('GET /range', { query }),
        ({ status }) => status !== 202,
      );
      assert.deepEqual(JSON.parse(textOf(answer)), [
        [`2.${seqno}`, false, 1],
        [`2.${seqno + 1}`, true, 0],
      ]);
      assert.equal(textOf(await service.ask('GET /drop')), 'true');
      assert.equal(textOf(await service.ask('GET /drop')), 'false');
    });
  });
}

/** What can be compared of a state. */
function plain(state: HistoricalState): unknown {
  const { id, receipt, coseReceipt } = state;
  const map = state.begin().map('records');
  const entry = (key: string) => [map.get(utf8(key)), map.versionOfPreviousWrite(utf8(key))];
  return { id, receipt, coseReceipt, size: map.size, entries: ['a', 'b'].map(entry) };
}

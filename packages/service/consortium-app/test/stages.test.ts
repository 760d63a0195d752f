import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { describe, it } from 'node:test';

import { utf8 } from '@enclos/codec';
import { nodeDigests } from '@enclos/ledger/node';
import { readReceipt, readLedgerCertificate, verifyReceipt } from '@enclos/ledger/proof';

import { bundle, LittleApp, textOf } from './kit/little-app.ts';
import { engines } from './kit/scripts.ts';

const app = bundle(
  `const records = ccf.kv['records'];
   export function add() {
     const key = ccf.strToBuf('count');
     const value = Number(ccf.bufToStr(records.get(key) ?? ccf.strToBuf('0'))) + 1;
     records.set(key, ccf.strToBuf(String(value)));
     return { body: value };
   }
   export function claim() {
     ccf.rpc.setClaimsDigest(ccf.crypto === undefined ? new ArrayBuffer(32) : ccf.crypto.digest('SHA-256', ccf.strToBuf('claims')));
     return add();
   }
   export function read() { return { body: ccf.kv['records'].size }; }`,
  {
    'POST /add add': {},
    'POST /claim claim': {},
    'POST /held add': { more: { respond: 'committed' } },
    'GET /held read': { mode: 'readonly', more: { respond: 'committed' } },
    'GET /read read': { mode: 'readonly' },
  },
);
const id = 'x-ms-ccf-transaction-id';

for (const engine of engines) {
  describe(`requests in stages on ${engine.name}`, () => {
    it('are executed as if one after another, and answered in order', async () => {
      const service = new LittleApp(engine, app);
      const answers = await Promise.all(Array.from({ length: 60 }, () => service.ask('POST /add')));
      assert.deepEqual(
        answers.map(textOf),
        Array.from({ length: 60 }, (_, index) => String(index + 1)),
      );
      const seqnos = answers.map(({ headers }) => Number(headers.get(id)?.slice(2)));
      assert.deepEqual(
        seqnos,
        seqnos.map((_, index) => (seqnos[0] ?? 0) + index),
      );
      assert.equal(service.node.last, seqnos.at(-1));
      service.stages.close();
      assert.equal(service.node.unsigned, 0);
    });

    it('wait in a bounded number and with bounded bodies, and beyond that are refused before anything of theirs is read', async () => {
      const service = new LittleApp(engine, app);
      const refusal = /^\{"error":\{"code":"TooManyPendingTransactions"/;
      const nowhere = Array.from({ length: 2048 }, () => service.ask('GET /nowhere'));
      assert.match(textOf(await service.ask('GET /nowhere')), refusal);
      assert.deepEqual(new Set((await Promise.all(nowhere)).map(({ status }) => status)), new Set([404]));
      const body = new Uint8Array(1 << 24);
      const large = Array.from({ length: 4 }, () => service.ask('GET /nowhere', { body }));
      assert.match(textOf(await service.ask('GET /nowhere', { body: body.subarray(0, 1) })), refusal);
      assert.equal((await service.ask('GET /nowhere')).status, 404);
      assert.deepEqual(new Set((await Promise.all(large)).map(({ status }) => status)), new Set([404]));
      assert.equal((await service.ask('GET /nowhere', { body: body.subarray(0, 1) })).status, 404);
      service.stages.close();
    });

    it('are executed again after a conflict, and refused after thirty', async () => {
      let conflicts = 0;
      let attempts = 0;
      const service = new LittleApp(engine, app, {
        attempted: (_, store) => {
          attempts += 1;
          if (conflicts-- <= 0) return;
          const other = store.begin();
          other.map('records').set(utf8('count'), utf8('100'));
          const writeSet = store.commit(other)?.writeSet ?? [];
          service.node.append(writeSet);
        },
      });
      conflicts = 3;
      assert.equal(textOf(await service.ask('POST /add')), '101');
      assert.equal(attempts, 4);
      conflicts = 1000;
      attempts = 0;
      const refused = await service.ask('POST /add');
      assert.deepEqual([refused.status, refused.headers.get('retry-after'), attempts], [503, '3', 30]);
      assert.match(textOf(refused), /^\{"error":\{"code":"TransactionCommitAttemptsExceedLimit"/);
      conflicts = 0;
      service.stages.close();
    });

    it('do not happen when the ledger does not take them', async () => {
      let isFull = false;
      const service = new LittleApp(engine, app, {
        sink: {
          write: () => {
            if (isFull) throw new Error('No space is left.');
          },
          committed: () => undefined,
        },
      });
      await service.ask('POST /add');
      isFull = true;
      const answers = await Promise.all([service.ask('POST /add'), service.ask('POST /add'), service.ask('GET /read')]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [503, 503, 503],
      );
      assert.match(service.lines.join(), /No space is left/);
      isFull = false;
      assert.equal(textOf(await service.ask('POST /add')), '2');
      assert.equal(service.store.version, service.node.last);
      service.stages.close();
    });

    it('wait for their commit where the application says so', async () => {
      const service = new LittleApp(engine, app);
      const before = service.node.lastCommitted().seqno;
      const held = await service.ask('POST /held');
      const seqno = Number(held.headers.get(id)?.slice(2));
      assert.ok(seqno > before && seqno <= service.node.lastCommitted().seqno);
      // What only read has nothing to wait for.
      assert.equal((await service.ask('GET /held')).status, 200);
      const plain = await service.ask('POST /add');
      assert.ok(Number(plain.headers.get(id)?.slice(2)) > service.node.lastCommitted().seqno);
      service.stages.close();
    });

    it('are signed by count', async () => {
      const service = new LittleApp(engine, app, { signatures: { count: 3 } });
      const ids = [];
      for (let index = 0; index < 7; index++) ids.push((await service.ask('POST /add')).headers.get(id));
      // A signature takes a seqno of its own.
      const first = Number(ids[0]?.slice(2));
      assert.deepEqual(
        ids,
        [0, 1, 2, 4, 5, 6, 8].map((at) => `2.${first + at}`),
      );
      service.stages.close();
    });
  });

  describe(`receipts on ${engine.name}`, () => {
    it('in JSON and COSE prove transactions and their claims', async () => {
      const service = new LittleApp(engine, app);
      const asked = await service.ask('POST /claim');
      const transaction = asked.headers.get(id) ?? '';
      service.stages.sign();
      const tools = { digests: nodeDigests, subtle: webcrypto.subtle };
      const services = [readLedgerCertificate(service.node.identity.service.certificate)];
      for (const path of ['/receipt', '/receipt/cose']) {
        const answer = await service.ask(`GET /app${path}`, { query: `transaction_id=${transaction}` });
        assert.equal(answer.status, 200);
        assert.ok(await verifyReceipt(readReceipt(answer.body), { services }, tools));
      }
      const signature = `transaction_id=2.${service.node.last}`;
      const ofSignature = await service.ask('GET /receipt', { query: signature });
      assert.deepEqual(Object.keys(JSON.parse(textOf(ofSignature)) as object), [
        'cert',
        'leaf',
        'node_id',
        'proof',
        'signature',
      ]);
      assert.equal((await service.ask('GET /receipt/cose', { query: signature })).status, 404);
      service.stages.close();
    });
  });
}

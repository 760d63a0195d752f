import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { failsWith } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  isIssuedBy,
  readCoseRootSignature,
  readCoseSignatureRecord,
  readGovernanceMessage,
  readLedgerCertificate,
  readNodeSignature,
  readTransactionId,
  verifyRootByNode,
  writeCoseSignatureRecord,
  writeNodeSignature,
  writeTransactionId,
} from '../src/proof/index.ts';
import { littleService, party, tools } from './little-service.ts';

const { ledger, service, node } = littleService();
const record = {
  transactionId: { view: 2, seqno: 7 },
  node: node.id,
  root: ledger.tree.root(7),
  signature: ledger.nodeSignature(node, 7),
  certificate: node.pem,
};

test('records of signatures read back', () => {
  assert.deepEqual(readNodeSignature(writeNodeSignature(record)), record);
  const message = ledger.coseSignature(service, 7);
  assert.deepEqual(readCoseSignatureRecord(writeCoseSignatureRecord(message)), message);
  const { transactionId, issuer, subject, issuedAt } = readCoseRootSignature(message);
  assert.deepEqual(
    [transactionId, issuer, subject, issuedAt],
    [{ view: 2, seqno: 7 }, 'service.example', 'ledger', 1_767_225_600],
  );
});

test('a signature over a root is verified with the two nodes beneath it, and without them', async () => {
  const { key } = node.certificate;
  const preimage = new Uint8Array(64);
  await verifyRootByNode({ root: record.root }, record.signature, key, tools);
  await assert.rejects(
    verifyRootByNode({ root: record.root, preimage }, record.signature, key, tools),
    failsWith('LEDGER_UNPROVEN', 'root'),
  );
  for (const [root, signature, by] of [
    [new Uint8Array(32), record.signature, key],
    [record.root, record.signature.with(20, 0), key],
    [record.root, new Uint8Array(), key],
    [record.root, record.signature, service.certificate.key],
  ] as const) {
    await assert.rejects(verifyRootByNode({ root }, signature, by, tools), failsWith('LEDGER_UNPROVEN', 'signature'));
  }
});

test('a certificate is issued by an authority of that name with that key', async () => {
  assert.equal(await isIssuedBy(node.certificate, service.certificate, tools.subtle), true);
  assert.equal(await isIssuedBy(node.certificate, party('stranger').certificate, tools.subtle), false);
  assert.equal(await isIssuedBy(party('sub', node).certificate, node.certificate, tools.subtle), false);
  assert.deepEqual(readLedgerCertificate(`${node.pem}\0`), node.certificate);
  assert.throws(() => readLedgerCertificate(node.pem + service.pem), failsWith('LEDGER_INVALID'));
  assert.throws(() => readLedgerCertificate('no certificate'), failsWith('LEDGER_INVALID'));
});

test('identifiers of transactions have one form', () => {
  assert.equal(writeTransactionId(readTransactionId('2.18')), '2.18');
  for (const text of ['', '2', '2.', '.18', '02.18', '2.018', '2.18 ', '-2.18', '2.99999999999999999']) {
    assert.throws(() => readTransactionId(text), failsWith('LEDGER_INVALID'));
  }
});

test('any bytes are a record or are refused', () => {
  const seeds = [writeNodeSignature(record), ledger.coseSignature(service, 7), utf8('{}')];
  const readers = [
    readNodeSignature,
    readCoseRootSignature,
    readCoseSignatureRecord,
    readGovernanceMessage,
    readLedgerCertificate,
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.constantFrom(...readers),
      fc.nat(),
      fc.nat(255),
      (seed, read, at, value) => {
        const bytes = seed.slice();
        bytes[at % bytes.length] = value;
        try {
          read(bytes);
        } catch (error) {
          assert.ok(isEnclosError(error, 'LEDGER_INVALID'), String(error));
        }
      },
    ),
  );
});

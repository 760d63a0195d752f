import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborInteger, cborLabelledMap, cborText, concatBytes, fromHex, toBase64, toHex, utf8 } from '@enclos/codec';
import { decodeUtf8 } from '@enclos/codec/text';
import { coseProtectedHeader, readCoseSign1, writeCoseSign1 } from '@enclos/cose';
import { isEnclosError } from '@enclos/errors';
import { failsWith } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  coseRootHeader,
  isIssuedBy,
  readCoseRootSignature,
  readCoseSignatureRecord,
  readGovernanceMessage,
  readLedgerCertificate,
  readNodeSignature,
  readTransactionId,
  verifyRootByNode,
  verifyRootByService,
  writeCoseSignatureRecord,
  writeNodeSignature,
  writeTransactionId,
} from '../src/proof/index.ts';
import { coseSign, littleService, party, tools } from './little-service.ts';

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
  const large = '9999999999999999';
  for (const text of [
    '',
    '2',
    '2.',
    '.18',
    '02.18',
    '2.018',
    '2.18 ',
    ' 2.18',
    '-2.18',
    `2.${large}`,
    `${large}.2`,
    `2.${large}9`,
  ]) {
    assert.throws(() => readTransactionId(text), failsWith('LEDGER_INVALID'));
  }
});

test('the record of a node is written as CCF writes it, and its members are bounded', () => {
  const { certificate: _, ...early } = record;
  assert.deepEqual(readNodeSignature(writeNodeSignature(early)), early);
  assert.deepEqual(JSON.parse(decodeUtf8(writeNodeSignature(early))), {
    commit_seqno: 0,
    commit_view: 0,
    hashed_nonce: '00'.repeat(32),
    node: node.id,
    root: toHex(record.root),
    seqno: 7,
    sig: toBase64(record.signature),
    view: 2,
  });
  const text = decodeUtf8(writeNodeSignature(record));
  const read = (changes: object): unknown =>
    readNodeSignature(utf8(JSON.stringify({ ...JSON.parse(text), ...changes })));
  read({ seqno: 0, view: 0, node: 'n'.repeat(128), sig: toBase64(new Uint8Array(256)) });
  readNodeSignature(utf8(text.padEnd(65_536)));
  assert.throws(() => readNodeSignature(utf8(text.padEnd(65_537))), failsWith('LEDGER_INVALID'));
  for (const [changes, message] of [
    [{ seqno: -1 }, /signature\.seqno/],
    [{ view: -1 }, /signature\.view/],
    [{ node: 'n'.repeat(129) }, /signature\.node/],
    [{ sig: toBase64(new Uint8Array(257)) }, /256/],
  ] as const) {
    assert.throws(() => read(changes), { code: 'LEDGER_INVALID', message });
  }
});

type Member = readonly [number | string, Uint8Array];

/** A COSE message with this protected header, over the root. */
const coseWith = (others: readonly Member[], kid?: Uint8Array): Uint8Array =>
  coseSign(
    service,
    coseProtectedHeader({ algorithm: 'ES384', others: new Map(others), ...(kid === undefined ? {} : { kid }) }),
    record.root,
    true,
  );
const txid: Member = ['ccf.v1', cborLabelledMap([['txid', cborText('2.7')]])];
const structure: Member = [395, cborInteger(2)];
const claimsOf = (...members: readonly (readonly [number, Uint8Array])[]) => [15, cborLabelledMap(members)] as const;

test('the signature of a service has the header of its profile', () => {
  const claims = claimsOf([1, cborText('service.example')], [2, cborText('ledger')], [6, cborInteger(1_767_225_600)]);
  const { protectedBytes } = readCoseSign1(ledger.coseSignature(service, 7), { maxBytes: 65_536 });
  const expected = coseWith([claims, structure, txid], utf8(service.id));
  assert.deepEqual(readCoseSign1(expected, { maxBytes: 65_536 }).protectedBytes, protectedBytes);
  const small = party('small service', undefined, true, 'P-256');
  const content = { transactionId: { view: 2, seqno: 7 }, issuer: '', subject: '', issuedAt: 0 };
  const signatures = {
    ES256: [small.certificate.key, 64],
    ES512: [{ curve: 'P-521', spki: new Uint8Array() }, 132],
  } as const;
  for (const [algorithm, [key, length]] of Object.entries(signatures)) {
    const header = coseRootHeader(content, key, tools);
    const message = writeCoseSign1({ protectedBytes: header, signature: new Uint8Array(length) });
    assert.equal(readCoseSign1(message, { maxBytes: 65_536 }).algorithm, algorithm);
  }
});

test('a signature of a service names its transaction, and need say no more', () => {
  const { message: _, ...least } = readCoseRootSignature(coseWith([structure, txid]));
  assert.deepEqual(least, { transactionId: { view: 2, seqno: 7 } });
  const text = cborText('i'.repeat(1024));
  const { issuer, subject } = readCoseRootSignature(coseWith([structure, txid, claimsOf([1, text], [2, text])]));
  assert.deepEqual([issuer?.length, subject?.length], [1024, 1024]);
  const members = (count: number) =>
    claimsOf(...Array.from({ length: count }, (_each, index) => [10 + index, cborInteger(0)] as const));
  readCoseRootSignature(coseWith([structure, txid, members(32)]));
  const twice = [15, concatBytes(Uint8Array.of(0xa2, 6, 1, 6, 2))] as const;
  for (const [others, rule] of [
    [[txid], /not over the tree/],
    [[[395, cborInteger(1)], txid], /not over the tree/],
    [[structure], /not named like/],
    [[structure, txid, claimsOf([1, cborText('i'.repeat(1025))])], /1024/],
    [[structure, txid, members(33)], /32/],
    [[structure, txid, twice], /twice/],
  ] as readonly (readonly [readonly Member[], RegExp])[]) {
    assert.throws(() => readCoseRootSignature(coseWith(others)), { code: 'LEDGER_INVALID', message: rule });
  }
  const header = coseProtectedHeader({ algorithm: 'ES384', others: new Map([structure, txid]) });
  const attached = coseSign(service, header, record.root, false);
  assert.throws(() => readCoseRootSignature(attached), { code: 'LEDGER_INVALID', message: /not detached/ });
  const over = { code: 'LEDGER_INVALID', message: /more than 65536 bytes/ };
  assert.throws(() => readCoseRootSignature(new Uint8Array(65_537)), over);
});

test('a signature of a service is by the key that it names, in hex or in bytes', async () => {
  const others = [structure, txid];
  const verify = (bytes: Uint8Array, by = service): Promise<void> =>
    verifyRootByService(readCoseRootSignature(bytes), record.root, by.certificate.key, tools);
  await verify(coseWith(others, utf8(service.id)));
  await verify(coseWith(others, fromHex(service.id)));
  const key = failsWith('LEDGER_UNPROVEN', 'key');
  await assert.rejects(verify(coseWith(others)), key);
  await assert.rejects(verify(coseWith(others, utf8(service.id.slice(1)))), key);
  await assert.rejects(verify(coseWith(others, utf8(service.id)), party('stranger')), key);
  const named = coseWith(others, utf8(party('stranger').id));
  await assert.rejects(verify(named, party('stranger')), failsWith('LEDGER_UNPROVEN', 'signature'));
});

test('the record of the signature of a service is a string of base64, and bounded', () => {
  const text = JSON.stringify(toBase64(new Uint8Array(9)));
  assert.deepEqual(readCoseSignatureRecord(utf8(text.padEnd(131_072))), new Uint8Array(9));
  for (const other of [text.padEnd(131_073), '5', 'null', '[]']) {
    assert.throws(() => readCoseSignatureRecord(utf8(other)), failsWith('LEDGER_INVALID'), other.slice(0, 9));
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialiseTree, type MapChanges, type WriteSet } from '../src/index.ts';
import { writeCoseSignatureRecord, writeNodeSignature, type LedgerReport } from '../src/proof/index.ts';
import { LittleLedger, nodeInfo, party, put, serviceInfo } from './little-service.ts';
import { assertTold, genesis, holding, node, removing, service, signed, stranger, verify, type Files } from './told.ts';

// What a ledger says about who takes part, and what the verifier makes of it.
const nodesTable = 'public:ccf.gov.nodes.info';
const certificatesTable = 'public:ccf.gov.nodes.endorsed_certificates';

test('a service may wait for shares as soon as it opens, and open again after a disaster', async () => {
  const moves = (...statuses: readonly string[]): Promise<LedgerReport> =>
    holding(genesis, ...statuses.map((status) => [serviceInfo(service, status)]));
  assertTold(await moves('Opening', 'WaitingForRecoveryShares', 'Open', 'Opening', 'Open', 'Open'));
  assertTold(await moves('WaitingForRecoveryShares'), /^status: .*from Open to WaitingForRecoveryShares/);
});

test('records of the service and its nodes are bounded', async () => {
  const record = (length: number): MapChanges =>
    put('public:ccf.gov.service.info', JSON.stringify({ cert: service.pem, status: 'Open' }).padEnd(length));
  const padded = (length: number): MapChanges =>
    put('public:ccf.gov.service.info', JSON.stringify({ cert: service.pem.padEnd(length, '\n'), status: 'Open' }));
  assertTold(await holding(genesis, [record(1_048_576)], [padded(16_384)]));
  assertTold(await holding(genesis, [record(1_048_577)]), /^identity: The record of the service: /);
  assertTold(await holding(genesis, [padded(16_385)]), /^identity: The record of the service: /);
  const own = (length: number): MapChanges =>
    put(nodesTable, JSON.stringify({ status: 'Trusted', cert: node.pem.padEnd(length, '\n') }), node.id);
  assertTold(await holding([serviceInfo(service, 'Open'), own(16_384)]));
  assertTold(await holding(genesis, [own(16_385)]), /^node: The record of node [0-9a-f]+: /);
});

test('the certificate of a service may be renewed for its key', async () => {
  const renewed = party('service', stranger, true);
  const report = await verify([signed(genesis, [serviceInfo(renewed, 'Open')]).file(1)]);
  assert.equal(report.identities.length, 1);
  assert.deepEqual(report.identities[0]?.certificate.encoded, renewed.certificate.encoded);
});

test('a node signs as long as it is of the network', async () => {
  assertTold(await holding(genesis, [put(nodesTable, '{"status":"Retired"}', node.id)]));
  const gone = /^node: Node [0-9a-f]+, which signed, is not part of the network/;
  assertTold(await holding(genesis, [removing(nodesTable, node.id)]), /^node: Node/);
  assertTold(
    await holding(genesis, [removing(nodesTable, node.id), removing(certificatesTable, node.id)]),
    /^node: Node/,
  );
  assertTold(await holding(genesis, [removing(certificatesTable, node.id)]), gone);
  // In version 1 the certificate stands in the record of the node.
  const own = put(nodesTable, JSON.stringify({ status: 'Trusted', cert: node.pem }), node.id);
  assertTold(await holding([serviceInfo(service, 'Open'), own]));
  assertTold(await holding([serviceInfo(service, 'Open'), own], [removing(nodesTable, node.id)]), gone);
});

test('a node that the service did not issue is told, whether it signs or not', async () => {
  assertTold(await holding(genesis, nodeInfo(stranger)), /^node: The certificate of node [0-9a-f]+ is not issued/);
  const wrong = [put(certificatesTable, node.pem, stranger.id)];
  assertTold(await holding(genesis, wrong), /^node: The certificate of node [0-9a-f]+ is for the key of/);
});

test('a signature is for the transaction that it stands in', async () => {
  for (const changes of [{ seqno: 1 }, { view: 3 }]) {
    const ledger = new LittleLedger();
    ledger.add(genesis);
    const transactionId = { ...ledger.next, ...changes };
    const record = { transactionId, node: node.id, root: ledger.tree.root(), signature: ledger.nodeSignature(node) };
    ledger.add([put('public:ccf.internal.signatures', writeNodeSignature(record))]);
    assertTold(
      await verify([ledger.file(1)]),
      /^signature: The record of the signature is for transaction/,
      /^signature: No signature covers/,
    );
  }
  for (const size of [1, 3]) {
    const ledger = new LittleLedger();
    ledger.add(genesis);
    ledger.add([]);
    ledger.tree.retract(2);
    const message = writeCoseSignatureRecord(ledger.coseSignature(service, size === 1 ? 1 : 2));
    const other = new LittleLedger();
    other.add(genesis);
    if (size === 3) other.add([]);
    other.add([put('public:ccf.internal.cose_signatures', message)]);
    assertTold(
      await verify([other.file(1)]),
      /^signature: The COSE signature is for transaction/,
      /^signature: No signature covers/,
    );
  }
});

test('the certificate beside a signature is that of its node', async () => {
  const ledger = new LittleLedger();
  ledger.add(genesis);
  const record = { transactionId: ledger.next, node: node.id, root: ledger.tree.root() };
  const write = (certificate?: string): MapChanges =>
    put(
      'public:ccf.internal.signatures',
      writeNodeSignature({
        ...record,
        signature: ledger.nodeSignature(node),
        ...(certificate === undefined ? {} : { certificate }),
      }),
    );
  const withRecord = (changes: MapChanges): Files => {
    const other = new LittleLedger();
    other.add(genesis);
    other.add([changes]);
    return [other.file(1)];
  };
  assertTold(await verify(withRecord(write())));
  assertTold(
    await verify(withRecord(write(stranger.pem))),
    /^node: The record of the signature holds the certificate of/,
  );
});

test('in a part of a ledger a node may sign whose record stands before it, with a certificate', async () => {
  const part = (writes: WriteSet, certificate?: string, from = 2): Promise<LedgerReport> => {
    const ledger = signed(genesis);
    ledger.add(writes);
    const record = { transactionId: ledger.next, node: node.id, root: ledger.tree.root() };
    const signature = { ...record, signature: ledger.nodeSignature(node) };
    const value = writeNodeSignature(certificate === undefined ? signature : { ...signature, certificate });
    ledger.add([
      put('public:ccf.internal.tree', serialiseTree(ledger.tree, from)),
      put('public:ccf.internal.signatures', value),
    ]);
    return verify([ledger.file(3)], { part: true, services: [service.certificate] });
  };
  assertTold(await part([put(certificatesTable, node.pem, node.id)]));
  assertTold(await part([], node.pem));
  assertTold(await part([], node.pem, 3));
  assertTold(await part([]), /^node: Node [0-9a-f]+, which signed, is not part/, /^signature: No signature covers/);
});

test('after a gap the service that was known before it may have signed', async () => {
  const ledger = new LittleLedger();
  ledger.add([serviceInfo(service, 'Open')]);
  ledger.sign({ service });
  ledger.add([]);
  ledger.add([]);
  ledger.sign({ service });
  const report = await verify([ledger.file(1, 2), ledger.file(4)]);
  assertTold(report, /^gap: /);
  assert.equal(report.coseSignatures, 2);
});

test('a signature of another form is told to be so', async () => {
  const ledger = new LittleLedger();
  ledger.add(genesis);
  ledger.add([put('public:ccf.internal.signatures', '{}')]);
  assertTold(await verify([ledger.file(1)]), /^form: The signature of a node: /, /^signature: No signature covers/);
});

test('in a part of a ledger the service that it names is certain, though the caller trusts others too', async () => {
  const other = party('other service');
  const otherNode = party('other node', other);
  const ledger = signed(genesis);
  ledger.add([serviceInfo(service, 'Open')]);
  ledger.sign({ node, service });
  ledger.add(nodeInfo(otherNode));
  ledger.sign({ node: otherNode });
  const services = [service.certificate, other.certificate];
  const report = await verify([ledger.file(3)], { part: true, services });
  assertTold(report, /^node: The certificate of node/, /^node: The certificate of the node that signed is not/);
  const cose = signed(genesis);
  cose.add([serviceInfo(service, 'Open')]);
  cose.sign({ node, service });
  cose.sign({ service: other });
  assertTold(await verify([cose.file(3)], { part: true, services }), /^signature: The COSE signature names the key/);
  // Where the part does not name it, the caller's word counts.
  const early = signed(genesis);
  early.add([]);
  early.sign({ service: other });
  assertTold(await verify([early.file(3)], { part: true, services }));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { failsWith } from '@enclos/testkit';
import { encodeSnapshot, LedgerSecret, leafOf, readEntry, serialiseTree } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import {
  foldProof,
  readReceipt,
  verifyLedger,
  verifyReceipt,
  writeJsonReceipt,
  writeNodeSignature,
  type LedgerExpectation,
  type LedgerReport,
} from '../src/proof/index.ts';
import { filesOf, LittleLedger, littleService, nodeInfo, party, put, serviceInfo, tools } from './little-service.ts';

// What a stranger makes who has the certificate of a service, which is public, and none of its keys.
const { service } = littleService();
const stranger = party('stranger');
const trusting = { services: [service.certificate] };
const verify = (ledger: LittleLedger, expected: LedgerExpectation = trusting): Promise<LedgerReport> =>
  verifyLedger(filesOf([ledger.file(1)]), expected, tools);
const rulesOf = ({ problems }: LedgerReport): readonly string[] => problems.map(({ rule }) => rule);

test('a node that only the ledger itself calls one of the service is refused', async () => {
  const inNodes = new LittleLedger();
  const info = put('public:ccf.gov.nodes.info', JSON.stringify({ status: 'Trusted', cert: stranger.pem }), stranger.id);
  inNodes.add([serviceInfo(service, 'Open'), info]);
  inNodes.sign({ node: stranger });
  // The certificate stands there before anyone says who the service is.
  const early = new LittleLedger();
  early.add([...nodeInfo(stranger)]);
  early.add([serviceInfo(service, 'Open')]);
  early.sign({ node: stranger });
  for (const ledger of [inNodes, early]) {
    const report = await verify(ledger);
    assert.equal(report.holds, false);
    assert.ok(rulesOf(report).includes('node'), JSON.stringify(report.problems));
  }
});

test('a ledger that never says who the service is does not hold for one that trusts a service', async () => {
  const ledger = new LittleLedger();
  ledger.add([...nodeInfo(stranger)]);
  ledger.sign({ node: stranger });
  const report = await verify(ledger);
  assert.equal(report.holds, false);
  assert.notEqual(report.trusted, true);
});

test('an identity that nothing signed for yet is not the one that is trusted', async () => {
  const other = party('other service');
  const node = party('other node', other);
  const ledger = new LittleLedger();
  ledger.add([serviceInfo(other, 'Open'), ...nodeInfo(node)]);
  ledger.sign({ node, service: other });
  ledger.add([serviceInfo(service, 'Recovering')]);
  const report = await verify(ledger);
  assert.equal(report.trusted, false);
  assert.equal(report.holds, false);
});

test('what the tree beside the first signature of a part leaves out is told', async () => {
  const { ledger, node } = littleService();
  const changed = new LittleLedger();
  for (let seqno = 1; seqno < 3; seqno++) changed.add([]);
  changed.add([serviceInfo(service, 'Open'), put('public:records', 'changed')]);
  // The last signature transaction is covered by no other, so that the tree beside it can be cut to the last leaf.
  const forged = new LittleLedger();
  for (let seqno = 1; seqno < 5; seqno++) forged.tree.append(ledger.tree.leaf(seqno));
  forged.entries.push(...ledger.entries.slice(0, 2), ...changed.entries.slice(2), ...ledger.entries.slice(3, 4));
  const record = { transactionId: forged.next, node: node.id, root: forged.tree.root(), certificate: node.pem };
  forged.add([
    put('public:ccf.internal.tree', serialiseTree(forged.tree, 4)),
    put('public:ccf.internal.signatures', writeNodeSignature({ ...record, signature: forged.nodeSignature(node) })),
  ]);
  const report = await verifyLedger(filesOf([forged.file(3)]), { ...trusting, part: true }, tools);
  assert.deepEqual(rulesOf(report), ['root']);
  assert.match(report.problems[0]?.message ?? '', /No signature covers the transactions 3 to 3/);
});

test('a snapshot of an identity that nothing signed for is not proved', async () => {
  const { ledger } = littleService();
  const other = party('other service');
  const otherNode = party('other node', other);
  const snapshot = encodeSnapshot(
    { seqno: 90, leaf: new Uint8Array(32), viewStarts: [1], maps: [] },
    new LedgerSecret(nodeDigests, ledger.secret).key,
  );
  const theirs = new LittleLedger();
  const id = theirs.add([], nodeDigests.sha256(snapshot));
  const leaf = {
    writeSetDigest: nodeDigests.sha256(theirs.entries[0] ?? new Uint8Array()),
    commitEvidence: theirs.evidence(id),
    claimsDigest: nodeDigests.sha256(snapshot),
  };
  const receipt = writeJsonReceipt({
    signature: theirs.nodeSignature(otherNode),
    certificate: otherNode.pem,
    nodeId: otherNode.id,
    of: { kind: 'transaction', leaf, proof: theirs.tree.proof(1) },
    serviceEndorsements: [],
  });
  ledger.add([serviceInfo(other, 'Recovering')]);
  const snapshots = [{ name: 'snapshot_90_91.committed', bytes: concatBytes(snapshot, utf8(receipt)) }];
  const report = await verify(ledger, { ...trusting, snapshots });
  assert.equal(report.snapshots[0]?.proven, false);
  assert.deepEqual(rulesOf(report), ['snapshot']);
  // With the defence off: the receipt holds for the identity that stands in the ledger's end.
  ledger.sign({ node: otherNode, service: other });
  const signed = await verify(ledger, { snapshots });
  assert.equal(signed.snapshots[0]?.proven, true);
});

test('a receipt must give the evidence of commit, or a node inside of the tree passes for a transaction', async () => {
  const { ledger, node, service: owner } = littleService();
  const [seqno, size] = [4, 5];
  const entry = readEntry(ledger.entries[seqno - 1] ?? new Uint8Array());
  const proof = ledger.tree.proof(seqno, size);
  const leaf = leafOf(nodeDigests, entry);
  const prove = (components: { writeSetDigest: Uint8Array; claimsDigest?: Uint8Array }, steps: typeof proof) => {
    const receipt = writeJsonReceipt({
      signature: ledger.nodeSignature(node, size),
      certificate: node.pem,
      nodeId: node.id,
      of: { kind: 'transaction', leaf: components, proof: steps },
      serviceEndorsements: [],
    });
    return verifyReceipt(readReceipt(utf8(receipt)), { services: [owner.certificate] }, tools);
  };
  const [first, ...rest] = proof;
  assert.ok(first);
  // The two children of an inner node, as the digest of a transaction and of its claims.
  const pair = first.side === 'left' ? [first.digest, leaf] : [leaf, first.digest];
  const [writeSetDigest = leaf, claimsDigest = leaf] = pair;
  const { root } = foldProof(leaf, proof, tools);
  assert.equal(toHex(root), toHex(ledger.tree.root(size)));
  for (const [components, steps] of [
    [{ writeSetDigest: leaf }, proof],
    [{ writeSetDigest: foldProof(leaf, [first], tools).root }, rest],
    [{ writeSetDigest, claimsDigest }, rest],
  ] as const) {
    await assert.rejects(async () => prove(components, steps), failsWith('LEDGER_UNPROVEN', 'legacy-leaf'));
  }
});

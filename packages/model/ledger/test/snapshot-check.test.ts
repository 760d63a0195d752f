import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex, utf8 } from '@enclos/codec';
import { failsWith } from '@enclos/testkit';
import { encodeSnapshot, LedgerSecret } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { verifySnapshot, writeJsonReceipt, type LedgerExpectation, type LedgerReport } from '../src/proof/index.ts';
import { isOfEvidence, readSnapshotEvidence } from '../src/verify/snapshots.ts';
import { readSnapshot } from '../src/snapshot/snapshot.ts';
import { LittleLedger, nodeInfo, party, put, serviceInfo, tools, type Party } from './little-service.ts';
import { assertTold, genesis, node, service, signed, verify } from './told.ts';

interface Made {
  readonly ledger: LittleLedger;
  readonly entry: Uint8Array;
  readonly receipt: Uint8Array;
}

/** A snapshot of the state after transaction 2, its evidence at 3 and its receipt by `signer`. */
function made(signer: Party = node): Made {
  const ledger = signed(genesis);
  const { key } = new LedgerSecret(nodeDigests, ledger.secret);
  const entry = encodeSnapshot({ seqno: 2, leaf: ledger.tree.leaf(2), viewStarts: [1, 1], maps: [] }, key);
  const claimsDigest = nodeDigests.sha256(entry);
  const evidence = put(
    'public:ccf.internal.snapshot_evidence',
    JSON.stringify({ hash: toHex(claimsDigest), version: 2 }),
  );
  const id = ledger.add([evidence], claimsDigest);
  const leaf = {
    writeSetDigest: nodeDigests.sha256(ledger.entries[2] ?? new Uint8Array()),
    commitEvidence: ledger.evidence(id),
    claimsDigest,
  };
  const receipt = writeJsonReceipt({
    signature: ledger.nodeSignature(signer),
    certificate: signer.pem,
    nodeId: signer.id,
    of: { kind: 'transaction', leaf, proof: ledger.tree.proof(3) },
    serviceEndorsements: [],
  });
  ledger.sign({ node, service });
  return { ledger, entry, receipt: utf8(receipt) };
}

const name = 'snapshot_2_3.committed';
const check = (
  { ledger }: Pick<Made, 'ledger'>,
  bytes: Uint8Array,
  expected: LedgerExpectation & { readonly name?: string } = {},
): Promise<LedgerReport> =>
  verify([ledger.file(1)], { ...expected, snapshots: [{ name: expected.name ?? name, bytes }] });

test('a snapshot is proved by its receipt, whatever its name is', async () => {
  const { ledger, entry, receipt } = made();
  const bytes = concatBytes(entry, receipt);
  const good = await check({ ledger }, bytes);
  assertTold(good);
  assert.deepEqual(good.snapshots, [{ file: name, seqno: 2, proven: true, evidenceSeen: true }]);
  const renamed = await check({ ledger }, bytes, { name: 'state.bin' });
  assertTold(renamed);
  assert.deepEqual(renamed.snapshots, [{ file: 'state.bin', seqno: 2, proven: true, evidenceSeen: false }]);
  const proven = await verifySnapshot(bytes, { services: [service.certificate] }, tools);
  assert.deepEqual([proven.seqno, proven.transactionId], [2, { view: 2, seqno: 3 }]);
});

test('a snapshot without a receipt is not proved, and bytes of another form are told', async () => {
  const { ledger, entry } = made();
  const bare = await check({ ledger }, entry);
  assertTold(bare);
  assert.deepEqual(bare.snapshots, [{ file: name, seqno: 2, proven: false, evidenceSeen: true }]);
  assert.match(bare.notes.join(' '), /snapshot_2_3\.committed holds no receipt/);
  await assert.rejects(
    verifySnapshot(entry, { services: [service.certificate] }, tools),
    failsWith('LEDGER_UNPROVEN', 'signature'),
  );
  for (const [named, seqno] of [
    [name, 2],
    ['state.bin', 0],
  ] as const) {
    const broken = await check({ ledger }, new Uint8Array(9), { name: named });
    assertTold(broken, /^snapshot: An entry has version 0/);
    assert.deepEqual(broken.snapshots, [{ file: named, seqno, proven: false, evidenceSeen: false }]);
  }
});

test('a snapshot of an identity that the caller trusts needs none in the ledger', async () => {
  const other = party('other service');
  const { ledger, entry, receipt } = made(party('other node', other));
  const bytes = concatBytes(entry, receipt);
  assertTold(await check({ ledger }, bytes), /^snapshot: The certificate of the node is not issued/);
  const services = [service.certificate, other.certificate];
  assert.equal((await check({ ledger }, bytes, { services })).snapshots[0]?.proven, true);
  // Nothing is signed here, so that no identity counts.
  const unsigned = new LittleLedger();
  unsigned.add([serviceInfo(other, 'Open')]);
  const report = await check({ ledger: unsigned }, bytes);
  assert.equal(report.snapshots[0]?.proven, false);
  // Nor does one that comes with the last signature, which covers what is before it.
  const otherNode = party('other node', other);
  ledger.sign({ node: otherNode, service: other, more: [serviceInfo(other, 'Recovering'), ...nodeInfo(otherNode)] });
  assert.equal((await check({ ledger }, bytes)).snapshots[0]?.proven, false);
});

test('evidence of a snapshot has one form, and is for one seqno', () => {
  const { entry } = made();
  const hash = toHex(nodeDigests.sha256(entry));
  const text = (version: number): string => JSON.stringify({ hash, version });
  const snapshot = readSnapshot(entry);
  const of = (version: number): boolean => isOfEvidence(snapshot, readSnapshotEvidence(utf8(text(version))), tools);
  assert.deepEqual([0, 1, 2, 3].map(of), [false, false, true, false]);
  readSnapshotEvidence(utf8(text(2).padEnd(4096)));
  for (const bad of [text(2).padEnd(4097), text(-1), '{}']) {
    assert.throws(() => readSnapshotEvidence(utf8(bad)), failsWith('LEDGER_INVALID'));
  }
  assert.throws(() => readSnapshotEvidence(utf8('{}')), { message: /evidence\.hash/ });
});

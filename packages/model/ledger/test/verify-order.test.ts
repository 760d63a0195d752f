import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@enclos/codec';
import { leafOf, MerkleTree, readEntry, serialiseTree } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { writeCoseSignatureRecord, type LedgerReport } from '../src/proof/index.ts';
import { LittleLedger, nodeInfo, party, put, serviceInfo, type Party } from './little-service.ts';
import { assertTold, genesis, node, service, signed, stranger, verify, type Files } from './told.ts';

// Which files and transactions follow each other, and where the verifier puts what it finds.
const trusting = { services: [service.certificate] };

/** Three signatures: at 2, 5 and 7. */
function written(): LittleLedger {
  const ledger = signed(genesis);
  ledger.add([put('public:records', 'a')]);
  ledger.add([put('public:records', 'b')]);
  ledger.sign({ node, service });
  ledger.add([put('public:records', 'c')]);
  ledger.sign({ node, service });
  return ledger;
}

const whole = written();

function open(first: number, entries: readonly Uint8Array[]): Files[number] {
  return { name: `ledger_${first}`, bytes: concatBytes(new Uint8Array(8), ...entries) };
}

test('the report says where the transactions begin and end, and how many bytes and files they have', async () => {
  const files = [whole.file(1, 5), whole.file(6)];
  const report = await verify(files);
  assertTold(report);
  assert.deepEqual(
    [report.first, report.last],
    [
      { view: 2, seqno: 1 },
      { view: 2, seqno: 7 },
    ],
  );
  assert.equal(
    report.bytes,
    files.reduce((sum, { bytes }) => sum + bytes.length, 0),
  );
  assert.deepEqual([report.files, report.unsigned, report.tornBytes, report.decrypted], [2, 0, 0, 0]);
  const unsigned = await verify([open(3, whole.entries.slice(2, 4))], { part: true });
  assert.deepEqual(unsigned.problems, [
    { rule: 'signature', file: 'ledger_3', message: 'No signature covers these transactions.' },
  ]);
  assert.equal(unsigned.unsigned, 2);
  const nothing = await verify([]);
  assert.deepEqual([nothing.holds, nothing.unsigned, nothing.transactions, nothing.problemCount], [false, 0, 0, 0]);
  assert.equal('first' in nothing || 'last' in nothing || 'lastSigned' in nothing, false);
});

test('a file that begins with what was read before is refused', async () => {
  assertTold(
    await verify([whole.file(1, 5), open(4, whole.entries.slice(3))]),
    /^order: Transaction 4 stands after 5/,
    /^order: The file begins with transaction 4, which was read before/,
  );
});

test('a committed file has a table and ends with its last signature', async () => {
  const last = await verify([whole.file(1, 3), open(4, whole.entries.slice(3))]);
  assertTold(last, /^truncated: The file is committed by its name, and does not end with a/);
  const bare = { ...open(1, whole.entries.slice(0, 5)), name: 'ledger_1-5.committed' };
  assertTold(await verify([bare, whole.file(6)]), /^truncated: The file is committed by its name, and has no table/);
  // The file that follows begins where the name of this one ends.
  const short = { ...whole.file(1, 5), name: 'ledger_1-6.committed' };
  assertTold(
    await verify([short, open(7, whole.entries.slice(6))]),
    /^order: Transaction 7 stands after 5/,
    /^truncated: The file ends with transaction 5, and its name promises 6/,
  );
});

test('of files that begin alike the committed one is read, and then the longer one', async () => {
  const short = { name: 'ledger_1-2.committed', bytes: whole.file(1, 2).bytes };
  const report = await verify([short, whole.file(1, 5), open(1, []), whole.file(6)]);
  assertTold(report);
  assert.deepEqual(report.notes.slice(0, 2), [
    'ledger_1-2.committed begins where ledger_1-5.committed does, and was not read.',
    'ledger_1 begins where ledger_1-2.committed does, and was not read.',
  ]);
});

test('files are read in the order of their transactions, whatever order they come in', async () => {
  assertTold(await verify([whole.file(6, 7), whole.file(3, 5), whole.file(1, 2)]));
  // An open file may go on after one that is complete.
  const complete = { name: 'ledger_1-2', bytes: whole.file(1, 2).bytes };
  const report = await verify([complete, whole.file(1)]);
  assertTold(report);
  assert.equal(report.transactions, 7);
  assert.equal((await verify([whole.file(1), complete])).transactions, 7);
  const both = await verify([whole.file(1, 5), whole.file(1, 2), whole.file(6)]);
  assertTold(both);
  assert.equal(both.transactions, 7);
});

test('transactions follow each other, also after a gap', async () => {
  const jumping = open(
    3,
    [whole.entries[2], whole.entries[4], ...whole.entries.slice(5)].filter((each) => each !== undefined),
  );
  assertTold(await verify([jumping], { ...trusting, part: true }), /^order: Transaction 5 stands after 3/);
  const missing = await verify([whole.file(1, 2), whole.file(6)], trusting);
  assertTold(missing, /^gap: The transactions 3 to 5 are missing before this file/);
});

test('bytes that are no transaction are told, and what follows is checked against the next tree', async () => {
  const spoilt = whole.entries.map((entry, index) => (index === 2 ? entry.with(44, 9) : entry));
  const report = await verify([open(1, spoilt)], trusting);
  assert.equal(report.problems[0]?.rule, 'form');
  assert.equal(report.holds, false);
});

test('each transaction that was exchanged is told with its file and place, over several files', async () => {
  const other = signed(genesis);
  for (const value of ['x', 'y']) other.add([put('public:records', value)]);
  const [third = new Uint8Array(), fourth = new Uint8Array()] = other.entries.slice(2, 4);
  const files = [whole.file(1, 2), open(3, [third]), open(4, [fourth, ...whole.entries.slice(4)])];
  const report = await verify(files, trusting);
  assert.deepEqual(
    report.problems.map(({ file, offset, transactionId }) => [file, offset, transactionId?.seqno]),
    [
      ['ledger_3', 8, 3],
      ['ledger_4', 8, 4],
    ],
  );
  const later = await verify([
    whole.file(1, 2),
    open(3, [whole.entries[2] ?? third, fourth, ...whole.entries.slice(4)]),
  ]);
  assert.deepEqual(
    later.problems.map(({ file, offset, transactionId }) => [file, offset, transactionId?.seqno]),
    [['ledger_3', 8 + (whole.entries[2]?.length ?? 0), 4]],
  );
});

test('the place of an exchanged transaction is told after a signature too', async () => {
  const other = written();
  other.tree.retract(6);
  other.entries.length = 5;
  other.add([put('public:records', 'x')]);
  const [sixth = new Uint8Array()] = other.entries.slice(5);
  const entries = whole.entries.with(5, sixth);
  const files = [whole.file(1, 2), open(3, entries.slice(2, 3)), open(4, entries.slice(3))];
  const report = await verify(files, trusting);
  assert.deepEqual(
    report.problems.map(({ file, transactionId }) => [file, transactionId?.seqno]),
    [['ledger_4', 6]],
  );
});

test('a signature transaction that was made again is not the one that was signed', async () => {
  const again = new LittleLedger();
  for (let seqno = 1; seqno < 5; seqno++) again.tree.append(whole.tree.leaf(seqno));
  again.sign({ node, service });
  const [fifth = new Uint8Array()] = again.entries;
  assertTold(
    await verify([open(1, whole.entries.with(4, fifth))], trusting),
    /^root: Transaction 2\.5 is not the one that was signed/,
  );
});

test('public maps of another form are told, and the transaction is in the tree all the same', async () => {
  const ledger = signed(genesis);
  ledger.add([put('public:records', 'a')]);
  // The length of the name of the first map.
  const spoilt = ledger.entries[2]?.with(125, 0xff) ?? new Uint8Array();
  const other = new LittleLedger();
  for (const entry of [...ledger.entries.slice(0, 2), spoilt]) {
    other.entries.push(entry);
    other.tree.append(leafOf(nodeDigests, readEntry(entry)));
  }
  other.sign({ node, service });
  const report = await verify([other.file(1)], trusting);
  assert.deepEqual(
    report.problems.map(({ rule, transactionId }) => [rule, transactionId?.seqno]),
    [['form', 3]],
  );
  assert.equal(report.nodeSignatures, 2);
});

test('a part of a ledger may begin with a signature, which covers what stands before it', async () => {
  assertTold(await verify([open(5, whole.entries.slice(4))], { ...trusting, part: true }));
});

test('the tree beside a signature is that of the transactions before it', async () => {
  const ledger = signed(genesis);
  ledger.add([put('public:records', 'a')]);
  const { tree } = ledger;
  const signature = put('public:ccf.internal.cose_signatures', writeCoseSignatureRecord(ledger.coseSignature(service)));
  const beside = (value: Uint8Array): Promise<LedgerReport> => {
    const other = new LittleLedger();
    for (const [index, entry] of ledger.entries.slice(0, 3).entries()) {
      other.entries.push(entry);
      other.tree.append(tree.leaf(index + 1));
    }
    other.add([put('public:ccf.internal.tree', value), signature]);
    return verify([other.file(1)]);
  };
  assertTold(await beside(serialiseTree(tree, 2)));
  assertTold(await beside(serialiseTree(tree, 3)));
  const shorter = MerkleTree.begin(nodeDigests);
  shorter.append(tree.leaf(1));
  assertTold(await beside(serialiseTree(shorter, 1)), /^root: The tree beside the signature has 2 leaves/);
  const value = serialiseTree(tree, 3);
  const changed = value.with(value.length - 1, (value.at(-1) ?? 0) ^ 1);
  assertTold(
    await beside(changed),
    /^root: The transactions give another root than the tree beside/,
    /^signature: The COSE signature over the root does not hold/,
  );
  assertTold(await beside(new Uint8Array(3)), /^form: A tree of fewer than 16 bytes/);
});

test('a ledger of version 1 that nobody vouches for is told to be so', async () => {
  const alone: Party = party('alone');
  const old = new LittleLedger();
  const own = put('public:ccf.gov.nodes.info', JSON.stringify({ status: 'Trusted', cert: alone.pem }), alone.id);
  old.add([serviceInfo(service, 'Open'), own]);
  old.sign({ node: alone });
  const report = await verify([old.file(1)]);
  assertTold(report);
  assert.match(report.notes.join(' '), /nothing vouches for these nodes/);
  assertTold(
    await verify([old.file(1)], trusting),
    /^node: The certificate of the node that signed is not issued by the service\.$/,
    /^signature: No signature covers/,
  );
});

test('in a part of a ledger that does not name its service, it is the one that the caller trusts', async () => {
  const ledger = written();
  ledger.sign({ node });
  ledger.sign({ service });
  const part = [ledger.file(3)];
  assertTold(await verify(part, { part: true, ...trusting }));
  const unknown = await verify(part, { part: true });
  assertTold(unknown);
  assert.match(unknown.notes.join(' '), /its nodes are taken at their own word/);
  assert.match(unknown.notes.join(' '), /so COSE signatures were not checked/);
  const others = await verify(part, { part: true, services: [stranger.certificate] });
  assert.equal(others.holds, false);
  assert.match(others.problems[0]?.message ?? '', /not issued by the service\. Before a recovery it has another/);
  // The service named before a gap may have changed in it.
  const gap = await verify([ledger.file(1, 2), ledger.file(6)], { ...trusting, part: true });
  assertTold(gap, /^gap/);
  const next = party('next service');
  const nextNode = party('next node', next);
  const moved = signed(genesis);
  moved.add([serviceInfo(next, 'Recovering'), ...nodeInfo(nextNode)]);
  moved.sign({ node: nextNode, service: next });
  moved.add([]);
  moved.sign({ node: nextNode, service: next });
  const services = [service.certificate, next.certificate];
  assertTold(await verify([moved.file(1, 2), moved.file(5)], { services }), /^gap/);
  assert.equal((await verify([moved.file(1, 2), moved.file(5)], trusting)).problems.length > 1, true);
});

test('a signature of a node without a certificate anywhere is refused', async () => {
  const bare = written();
  bare.sign({ node: stranger });
  const report = await verify([bare.file(1)]);
  assertTold(report, /^node: Node [0-9a-f]+, which signed, is not part of the network/);
});

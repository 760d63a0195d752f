import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborBytes, cborInteger, cborLabelledMap, cborText, concatBytes, toBase64, toHex, utf8 } from '@enclos/codec';
import { coseProtectedHeader } from '@enclos/cose';
import { encodeSnapshot, LedgerSecret, LedgerSecrets, type WriteSet } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import {
  keysOf,
  verifyLedger,
  writeEndorsementRecord,
  writeJsonReceipt,
  type LedgerExpectation,
  type LedgerReport,
} from '../src/proof/index.ts';
import {
  coseSign,
  filesOf,
  LittleLedger,
  littleService,
  nodeInfo,
  party,
  put,
  serviceInfo,
  tools,
  type Party,
} from './little-service.ts';

type Files = readonly { readonly name: string; readonly bytes: Uint8Array }[];

const verify = (files: Files, expected: LedgerExpectation = {}): Promise<LedgerReport> =>
  verifyLedger(filesOf(files), expected, tools);
const rulesOf = ({ problems }: LedgerReport): readonly string[] => problems.map(({ rule }) => rule);

/** A ledger that begins with these transactions and is signed at its end. */
function signedLedger(node: Party, service: Party, ...transactions: readonly WriteSet[]): LittleLedger {
  const ledger = new LittleLedger();
  for (const writes of transactions) ledger.add(writes);
  ledger.sign({ node, service });
  return ledger;
}

const whole = littleService();
const wholeFiles: Files = [whole.ledger.file(1, 5), whole.ledger.file(6)];

test('a whole ledger holds', async () => {
  const report = await verify(wholeFiles, { services: [whole.service.certificate] });
  assert.deepEqual(report.problems, []);
  assert.equal(report.holds, true);
  assert.equal(report.trusted, true);
  assert.equal(report.transactions, 7);
  assert.deepEqual(report.lastSigned, { view: 2, seqno: 7 });
  assert.equal(report.lastRoot, toHex(whole.ledger.tree.root(7)));
  assert.deepEqual([report.nodeSignatures, report.coseSignatures, report.unsigned], [3, 3, 0]);
});

test('a ledger of one kind of signature holds', async () => {
  for (const signers of [{ node: whole.node }, { service: whole.service }]) {
    const ledger = new LittleLedger();
    ledger.add([serviceInfo(whole.service, 'Open'), ...nodeInfo(whole.node)]);
    ledger.sign(signers);
    const report = await verify([ledger.file(1)]);
    assert.deepEqual(report.problems, []);
    assert.equal(report.nodeSignatures + report.coseSignatures, 1);
  }
});

test('a ledger without a signature holds nothing', async () => {
  const ledger = new LittleLedger();
  ledger.add([serviceInfo(whole.service, 'Open')]);
  const report = await verify([ledger.file(1)]);
  assert.deepEqual(rulesOf(report), ['signature']);
  assert.equal(report.holds, false);
});

test('transactions without a signature are a problem before they fill the memory', async () => {
  const ledger = new LittleLedger();
  ledger.add([serviceInfo(whole.service, 'Open'), ...nodeInfo(whole.node)]);
  for (let count = 0; count < 6; count++) ledger.add([put('records', `${count}`)]);
  ledger.sign({ node: whole.node, service: whole.service });
  assert.deepEqual((await verify([ledger.file(1)], { maxUnsigned: 7 })).problems, []);
  const report = await verify([ledger.file(1)], { maxUnsigned: 6 });
  const [problem] = report.problems;
  assert.deepEqual([problem?.rule, problem?.transactionId], ['signature', { view: 2, seqno: 7 }]);
  assert.match(problem?.message ?? '', /^No signature covers the 6 transactions before 2\.7\.$/);
  assert.equal(report.holds, false);
});

test('progress is told, and every transaction is handed out with what it wrote privately', async () => {
  const seen: number[] = [];
  const privately: string[] = [];
  let bytes = 0;
  await verify(wholeFiles, {
    keys: keysOf(LedgerSecrets.begin(new LedgerSecret(nodeDigests, whole.ledger.secret))),
    onTransaction: ({ seqno }, writes) => {
      seen.push(seqno);
      privately.push(...(writes ?? []).map(({ name }) => name));
    },
    onProgress: (progress) => {
      ({ bytes } = progress);
      assert.equal(
        progress.totalBytes,
        wholeFiles.reduce((sum, file) => sum + file.bytes.length, 0),
      );
    },
  });
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(privately, ['records', 'records']);
  assert.ok(bytes > 0);
});

test('transactions after the last signature are told apart from those that are covered', async () => {
  const { ledger } = littleService();
  ledger.add([put('public:records', 'late')]);
  const report = await verify([ledger.file(1)]);
  assert.equal(report.holds, true);
  assert.equal(report.unsigned, 1);
  assert.deepEqual(report.lastSigned, { view: 2, seqno: 7 });
});

test('gaps, cut files and torn entries are told apart', async () => {
  const { ledger } = whole;
  const missing = await verify([ledger.file(1, 2), ledger.file(6)]);
  assert.deepEqual(
    missing.problems.map(({ rule, file, message }) => [rule, file, message]),
    [['gap', 'ledger_6', 'The transactions 3 to 5 are missing before this file.']],
  );
  const begin = await verify([ledger.file(3, 5), ledger.file(6)]);
  assert.deepEqual(rulesOf(begin), ['gap']);
  const part = await verify([ledger.file(3, 5), ledger.file(6)], { part: true, services: [whole.service.certificate] });
  assert.deepEqual(part.problems, []);
  assert.match(part.notes.join(' '), /begin with transaction 3/);
  const { bytes } = ledger.file(6);
  const torn = await verify([ledger.file(1, 5), { name: 'ledger_6', bytes: bytes.subarray(0, -3) }]);
  assert.deepEqual(torn.problems, []);
  assert.ok(torn.tornBytes > 0);
  assert.match(torn.notes.join(' '), /was writing/);
  const cut = await verify([{ ...ledger.file(1, 5), name: 'ledger_1-6.committed' }, ledger.file(6)]);
  assert.ok(rulesOf(cut).includes('truncated'));
  const unsigned = await verify([ledger.file(1, 4), ledger.file(5)]);
  assert.deepEqual(rulesOf(unsigned), ['truncated']);
  const open = await verify([{ name: 'ledger_1-5.committed', bytes: ledger.file(1).bytes }]);
  assert.ok(rulesOf(open).includes('truncated'));
});

test('a file that was renamed to hide what stood before it is a problem', async () => {
  const late: Files = [
    { ...whole.ledger.file(3), name: 'ledger_1' },
    { ...whole.ledger.file(3, 5), name: 'ledger_1-3.committed' },
  ];
  for (const file of late) {
    const report = await verify([file], { services: [whole.service.certificate] });
    assert.deepEqual([report.holds, report.first?.seqno, rulesOf(report)], [false, 3, ['order']]);
    assert.match(report.problems[0]?.message ?? '', /begins with transaction 3, and its name promises 1/);
  }
  const part = await verify([{ ...whole.ledger.file(3), name: 'ledger_2' }], { part: true });
  assert.deepEqual(rulesOf(part), ['order']);
});

test('files that repeat each other, or are put aside, are not read twice', async () => {
  const { ledger } = whole;
  const again = { name: 'ledger_1', bytes: ledger.file(1).bytes };
  const aside = { name: 'ledger_6-7.committed.ignored', bytes: new Uint8Array() };
  const other = { name: 'notes.txt', bytes: new Uint8Array() };
  const report = await verify([again, aside, other, ...wholeFiles]);
  assert.deepEqual(report.problems, []);
  assert.equal(report.notes.length, 4);
});

test('a transaction that was exchanged is named, though the signature does not name it', async () => {
  const changed = new LittleLedger();
  changed.add([put('public:records', 'other')]);
  const other = changed.entries[0] ?? new Uint8Array();
  const entries = whole.ledger.entries.with(2, concatBytes(other));
  // The entry has another seqno, and so is out of order; one of the right seqno is named by its place.
  const ledger = new LittleLedger();
  for (const _ of [1, 2]) ledger.add([]);
  ledger.add([put('public:records', 'other')]);
  const exchanged = whole.ledger.entries.with(2, ledger.entries[2] ?? new Uint8Array());
  for (const [list, rule] of [
    [entries, 'order'],
    [exchanged, 'root'],
  ] as const) {
    const header = new Uint8Array(8);
    const report = await verify([{ name: 'ledger_1', bytes: concatBytes(header, ...list) }]);
    const [problem] = report.problems;
    assert.equal(problem?.rule, rule);
    assert.equal(problem?.file, 'ledger_1');
    if (rule === 'root') assert.deepEqual(problem?.transactionId, { view: 2, seqno: 3 });
  }
});

test('a node must be of the service and of the network', async () => {
  const { service, node } = whole;
  const stranger = party('stranger');
  const other = party('other node', service);
  const open = serviceInfo(service, 'Open');
  const cases: readonly (readonly [LittleLedger, RegExp])[] = [
    [signedLedger(other, service, [open, ...nodeInfo(node)]), /not part of the network/],
    [signedLedger(node, service, [open, ...nodeInfo(node, 'Pending')]), /while it was pending/],
    [signedLedger(stranger, service, [open, ...nodeInfo(stranger)]), /not issued by the service/],
    [signedLedger(node, service, [open, ...nodeInfo({ ...node, id: other.id })]), /for the key of another node/],
  ];
  for (const [ledger, message] of cases) {
    const report = await verify([ledger.file(1)]);
    assert.ok(rulesOf(report).includes('node'), String(message));
    assert.match(report.problems.map((problem) => problem.message).join(' '), message);
  }
});

test('a signature of another key, root or transaction is refused', async () => {
  const { service, node } = whole;
  const genesis = [serviceInfo(service, 'Open'), ...nodeInfo(node)];
  const forged = party('forger', service);
  const byOther = signedLedger({ ...node, key: forged.key }, service, genesis);
  assert.deepEqual(rulesOf(await verify([byOther.file(1)])), ['signature']);
  const cose = signedLedger(node, party('other service'), genesis);
  assert.deepEqual(rulesOf(await verify([cose.file(1)])), ['signature']);
});

test('the service must move as services do', async () => {
  const { service, node } = whole;
  const at = (...statuses: readonly string[]): LittleLedger =>
    signedLedger(
      node,
      service,
      ...statuses.map((status, index) => [serviceInfo(service, status), ...(index === 0 ? nodeInfo(node) : [])]),
    );
  assert.deepEqual(
    rulesOf(await verify([at('Opening', 'Open', 'Recovering', 'WaitingForRecoveryShares', 'Open').file(1)])),
    [],
  );
  assert.deepEqual(rulesOf(await verify([at('Opening', 'Recovering').file(1)])), ['status']);
  assert.deepEqual(rulesOf(await verify([at('Recovering', 'Open').file(1)])), ['status']);
  assert.deepEqual(rulesOf(await verify([at('Closed').file(1)])), ['identity', 'node', 'signature']);
});

test('the service must be the one that is trusted', async () => {
  const report = await verify(wholeFiles, { services: [party('other service').certificate] });
  assert.deepEqual(rulesOf(report), ['identity']);
  assert.equal(report.trusted, false);
});

/** A service that was recovered, with an endorsement by the key of `endorser`. */
function recovered(endorser: (next: Party) => Party, root?: Uint8Array): { files: Files; next: Party } {
  const { ledger, service } = littleService();
  const next = party('next service');
  const node = party('next node', next);
  const lastRoot = root ?? ledger.tree.root(7);
  ledger.view = 4;
  ledger.add([serviceInfo(next, 'Recovering'), ...nodeInfo(node)]);
  ledger.sign({ node, service: next });
  const header = coseProtectedHeader({
    algorithm: 'ES384',
    others: new Map<number | string, Uint8Array>([
      [15, cborLabelledMap([[6, cborInteger(1_767_225_600)]])],
      [
        'ccf.v1',
        cborLabelledMap([
          ['epoch.start.txid', cborText('2.1')],
          ['epoch.end.txid', cborText('2.7')],
          ['epoch.end.merkle.root', cborBytes(lastRoot)],
        ]),
      ],
    ]),
  });
  const signer = endorser(next);
  const endorsement = coseSign(signer, header, service.certificate.key.spki, false);
  const record = { endorsement, endorsingKey: next.certificate.key.spki, begin: '2.1', end: '2.7' };
  ledger.add([
    serviceInfo(next, 'WaitingForRecoveryShares'),
    put('public:ccf.internal.previous_service_identity_endorsement', writeEndorsementRecord(record)),
  ]);
  ledger.sign({ node, service: next });
  return { files: [ledger.file(1)], next };
}

test('a recovered service endorses its earlier identity', async () => {
  const { files, next } = recovered((identity) => identity);
  const report = await verify(files, { services: [next.certificate] });
  assert.deepEqual(report.problems, []);
  assert.deepEqual(
    report.identities.map(({ endorsed }) => endorsed),
    [true, false],
  );
  assert.deepEqual(rulesOf(await verify(recovered(() => party('stranger')).files)), ['identity']);
  const other = await verify(recovered((identity) => identity, new Uint8Array(32)).files);
  assert.deepEqual(rulesOf(other), ['identity']);
});

test('another identity outside of a recovery is refused', async () => {
  const { service, node } = whole;
  const next = party('next service');
  const ledger = signedLedger(
    node,
    next,
    [serviceInfo(service, 'Open'), ...nodeInfo(node)],
    [serviceInfo(next, 'Open')],
  );
  assert.deepEqual(rulesOf(await verify([ledger.file(1)])), ['identity', 'node']);
});

/** A ledger with a proposal of a member, as it is or changed. */
function governed(change: { id?: string; body?: string; signer?: Party; known?: boolean } = {}): Files {
  const { service, node } = whole;
  const member = party('member');
  const ledger = new LittleLedger();
  ledger.add([
    serviceInfo(service, 'Open'),
    ...nodeInfo(node),
    ...(change.known === false ? [] : [put('public:ccf.gov.members.certs', member.pem, member.id)]),
  ]);
  const payload = utf8('{"actions":[]}');
  const header = coseProtectedHeader({
    algorithm: 'ES384',
    kid: utf8(member.id),
    others: new Map<number | string, Uint8Array>([
      ['ccf.gov.msg.type', cborText('proposal')],
      ['ccf.gov.msg.created_at', cborInteger(1_767_225_600)],
    ]),
  });
  const message = coseSign(change.signer ?? member, header, payload, false);
  // ES384: the signature is the last 96 bytes.
  const id = toHex(nodeDigests.sha256(concatBytes(ledger.tree.root(), nodeDigests.sha256(message.subarray(-96)))));
  ledger.add([
    put('public:ccf.gov.cose_history', JSON.stringify(toBase64(message)), member.id),
    put('public:ccf.gov.proposals', change.body ?? payload, change.id ?? id),
  ]);
  ledger.sign({ node, service });
  return [ledger.file(1)];
}

test('messages and proposals of members are those that they signed', async () => {
  const report = await verify(governed());
  assert.deepEqual(report.problems, []);
  assert.deepEqual([report.governanceMessages, report.proposals], [1, 1]);
  for (const change of [
    { id: '00'.repeat(32) },
    { body: '{"actions":[{"name":"remove_member"}]}' },
    { signer: party('stranger') },
    { known: false },
  ]) {
    assert.deepEqual(rulesOf(await verify(governed(change))), ['governance'], JSON.stringify(Object.keys(change)));
  }
});

test('a transaction with very many certificates is a problem before one of them is read', async () => {
  const nodes = (count: number): WriteSet => [
    {
      name: 'public:ccf.gov.nodes.endorsed_certificates',
      readVersion: 0,
      writes: Array.from({ length: count }, (_, index) => [utf8(`${index}`), utf8('unreadable')] as const),
      removes: [],
    },
  ];
  const begin = [serviceInfo(whole.service, 'Open'), ...nodeInfo(whole.node)];
  const few = await verify([signedLedger(whole.node, whole.service, begin, nodes(2)).file(1)]);
  assert.deepEqual(rulesOf(few), ['node', 'node']);
  const many = await verify([signedLedger(whole.node, whole.service, begin, nodes(4097)).file(1)]);
  assert.deepEqual(rulesOf(many), ['form']);
  assert.match(many.problems[0]?.message ?? '', /^One transaction changes 4097 nodes/);
});

test('a transaction with many messages and proposals is refused before any is compared', async () => {
  const { service, node } = whole;
  const many = (name: string): WriteSet[number] => ({
    name,
    readVersion: 0,
    writes: Array.from({ length: 9 }, (_, at) => [utf8(`${at}`), utf8('{}')] as const),
    removes: [],
  });
  const genesis = [serviceInfo(service, 'Open'), ...nodeInfo(node)];
  const proposals = [many('public:ccf.gov.cose_history'), many('public:ccf.gov.proposals')];
  const report = await verify([signedLedger(node, service, genesis, proposals).file(1)]);
  assert.deepEqual(rulesOf(report), ['governance']);
  assert.equal(report.governanceMessages, 0);
});

test('names of proposals that do not hold are not looked for without end', async () => {
  const { service } = whole;
  const header = coseProtectedHeader({
    algorithm: 'ES384',
    kid: utf8('m'),
    others: new Map<number | string, Uint8Array>([['ccf.gov.msg.type', cborText('proposal')]]),
  });
  const message = JSON.stringify(toBase64(coseSign(service, header, utf8('{}'), false)));
  const eight = (name: string, value: string): WriteSet[number] => ({
    name,
    readVersion: 0,
    writes: Array.from({ length: 8 }, (_, at) => [utf8(`${at}`), utf8(value)] as const),
    removes: [],
  });
  /** Each transaction has 64 pairs of a message and a proposal, and each pair as many roots as there are transactions before. */
  const digestsFor = async (transactions: number): Promise<number> => {
    const ledger = new LittleLedger();
    for (let at = 0; at < 20; at++) ledger.add([]);
    for (let at = 0; at < transactions; at++) {
      ledger.add([eight('public:ccf.gov.cose_history', message), eight('public:ccf.gov.proposals', '{}')]);
    }
    let digests = 0;
    const sha256 = (bytes: Uint8Array): Uint8Array => {
      digests++;
      return nodeDigests.sha256(bytes);
    };
    const counting = { ...tools, digests: { ...nodeDigests, sha256 } };
    const report = await verifyLedger(filesOf([ledger.file(1)]), {}, counting);
    assert.equal(report.holds, false);
    return digests;
  };
  const [few, many] = [await digestsFor(5), await digestsFor(15)];
  assert.ok(few > 5000 && many - few < 100, `${few} and ${many} digests`);
});

test('private parts open with the secret of the ledger alone', async () => {
  const other = keysOf(LedgerSecrets.begin(new LedgerSecret(nodeDigests, new Uint8Array(32))));
  const report = await verify(wholeFiles, { keys: other });
  assert.deepEqual(new Set(rulesOf(report)), new Set(['private']));
  assert.equal(report.decrypted, 0);
  const advice = (notes: readonly string[]): readonly string[] => notes.filter((note) => /another ledger/.test(note));
  assert.equal(advice(report.notes).length, 1);
  const own = keysOf(LedgerSecrets.begin(new LedgerSecret(nodeDigests, whole.ledger.secret)));
  // Where any opens, the secret is the right one, and what does not open was changed.
  const late = await verify(wholeFiles, { keys: (seqno) => (seqno === 1 ? own(seqno) : other(seqno)) });
  assert.ok(late.decrypted > 0 && late.problemCount > 0);
  assert.deepEqual(advice(late.notes), []);
});

test('a snapshot must be of the ledger, with its digest and its receipt', async () => {
  const { ledger, service, node } = littleService();
  const secret = new LedgerSecret(nodeDigests, ledger.secret);
  const contents = { seqno: 7, leaf: ledger.tree.leaf(7), viewStarts: [1, 1], maps: [] };
  const entry = encodeSnapshot(contents, secret.key);
  const digest = nodeDigests.sha256(entry);
  const evidence = JSON.stringify({ hash: toHex(digest), version: 7 });
  const id = ledger.add([put('public:ccf.internal.snapshot_evidence', evidence)], digest);
  const evidenceEntry = ledger.entries[7] ?? new Uint8Array();
  const size = ledger.tree.size;
  ledger.sign({ node, service });
  const receipt = writeJsonReceipt({
    signature: ledger.nodeSignature(node, size),
    certificate: node.pem,
    nodeId: node.id,
    of: {
      kind: 'transaction',
      leaf: {
        writeSetDigest: nodeDigests.sha256(evidenceEntry),
        commitEvidence: ledger.evidence(id),
        claimsDigest: digest,
      },
      proof: ledger.tree.proof(8, size),
    },
    serviceEndorsements: [],
  });
  const files = [ledger.file(1)];
  const check = (bytes: Uint8Array, name = 'snapshot_7_8.committed'): Promise<LedgerReport> =>
    verify(files, { snapshots: [{ name, bytes }] });
  const good = await check(concatBytes(entry, utf8(receipt)));
  assert.deepEqual(good.problems, []);
  assert.deepEqual(good.snapshots, [{ file: 'snapshot_7_8.committed', seqno: 7, proven: true, evidenceSeen: true }]);
  assert.equal((await check(entry)).snapshots[0]?.proven, false);
  assert.deepEqual(rulesOf(await check(concatBytes(entry, utf8(receipt)), 'snapshot_6_8.committed')), ['snapshot']);
  const other = encodeSnapshot({ ...contents, leaf: new Uint8Array(32) }, secret.key);
  assert.deepEqual(rulesOf(await check(concatBytes(other, utf8(receipt)))), ['snapshot', 'snapshot', 'snapshot']);
});

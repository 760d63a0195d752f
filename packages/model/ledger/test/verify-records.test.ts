import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborBytes, cborLabelledMap, cborText, concatBytes, toBase64, toHex, utf8 } from '@enclos/codec';
import { coseProtectedHeader } from '@enclos/cose';
import { EntryEncoder, LedgerSecret, LedgerSecrets, type MapChanges, type WriteSet } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { keysOf, writeEndorsementRecord, type LedgerReport } from '../src/proof/index.ts';
import { Findings } from '../src/verify/report.ts';
import {
  coseSign,
  LittleLedger,
  littleService,
  nodeInfo,
  party,
  put,
  serviceInfo,
  type Party,
} from './little-service.ts';
import { assertTold, genesis, holding, node, removing, service, stranger, told, verify } from './told.ts';

// What records prove by themselves: endorsements, messages of members, evidence.

/** A recovery of the service, with the endorsement that a case gives. */
async function endorsed(
  changes: { readonly key?: Party; readonly by?: Party; readonly to?: string; readonly root?: Uint8Array },
  part = false,
): Promise<LedgerReport> {
  const { ledger } = littleService();
  const next = party('next service');
  const nextNode = party('next node', next);
  const root = changes.root ?? ledger.tree.root(7);
  ledger.view = 4;
  ledger.add([serviceInfo(next, 'Recovering'), ...nodeInfo(nextNode)]);
  ledger.sign({ node: nextNode, service: next });
  const { key = service, by = next, to = '2.7' } = changes;
  const members: [string, Uint8Array][] = [['epoch.start.txid', cborText('2.1')]];
  if (to !== '') members.push(['epoch.end.txid', cborText(to)], ['epoch.end.merkle.root', cborBytes(root)]);
  const header = coseProtectedHeader({
    algorithm: 'ES384',
    others: new Map<string, Uint8Array>([['ccf.v1', cborLabelledMap(members)]]),
  });
  const endorsement = coseSign(next, header, key.certificate.key.spki, false);
  const record = writeEndorsementRecord({ endorsement, endorsingKey: by.certificate.key.spki, begin: '2.1' });
  ledger.add([put('public:ccf.internal.previous_service_identity_endorsement', record)]);
  ledger.sign({ node: nextNode, service: next });
  return part ? verify([ledger.file(10)], { part, services: [next.certificate] }) : verify([ledger.file(1)]);
}

test('the endorsement after a recovery is of the identity before, by the one after it', async () => {
  const good = await endorsed({});
  assertTold(good);
  assert.deepEqual(
    good.identities.map(({ endorsed: is }) => is),
    [true, false],
  );
  const cases = [
    [{ by: stranger }, /^identity: The endorsement is by another key than/],
    [{ key: stranger }, /^identity: The endorsement is of another key than/],
    [{ root: new Uint8Array(32) }, /^identity: The endorsement is of a ledger that ends with root/],
  ] as const;
  for (const [changes, message] of cases) {
    const report = await endorsed(changes);
    assertTold(report, message);
    assert.equal(report.identities[0]?.endorsed, 'by' in changes);
  }
  // CCF wrote it a second time when the primary changed in a recovery: it proves nothing, and takes nothing away.
  const twice = await endorsed({ key: party('next service') });
  assertTold(twice);
  assert.ok(twice.notes.some((note) => note.startsWith('A service endorsed its own key again')));
  assert.equal(twice.identities[0]?.endorsed, false);
  // That of the own key, with which a service opens, says nothing about another.
  const opening = await endorsed({ key: party('next service'), to: '' });
  assertTold(opening);
  assert.deepEqual(
    opening.identities.map(({ endorsed: is }) => is),
    [false, false],
  );
  assertTold(await endorsed({}, true));
});

const membersTable = 'public:ccf.gov.members.certs';
const messagesTable = 'public:ccf.gov.cose_history';
const proposalsTable = 'public:ccf.gov.proposals';
const member = party('member');
const payload = utf8('{"actions":[]}');

function proposing(ledger: LittleLedger): MapChanges[] {
  const header = coseProtectedHeader({
    algorithm: 'ES384',
    kid: utf8(member.id),
    others: new Map<string, Uint8Array>([['ccf.gov.msg.type', cborText('proposal')]]),
  });
  const message = coseSign(member, header, payload, false);
  const signature = nodeDigests.sha256(message.subarray(-96));
  const id = toHex(nodeDigests.sha256(concatBytes(ledger.tree.root(), signature)));
  const proposal = { ...put(proposalsTable, payload, id), removes: [utf8('an earlier one')] };
  const messages = { ...put(messagesTable, JSON.stringify(toBase64(message)), member.id), removes: [utf8('other')] };
  return [messages, proposal];
}

test('a message of who is no member any more is refused, and in a part of a ledger it is told that none was checked', async () => {
  const governed = (...between: readonly WriteSet[]): LittleLedger => {
    const ledger = new LittleLedger();
    ledger.add([...genesis, put(membersTable, member.pem, member.id)]);
    ledger.sign({ node, service });
    for (const writes of between) ledger.add(writes);
    ledger.add(proposing(ledger));
    ledger.sign({ node, service });
    return ledger;
  };
  const report = await verify([governed().file(1)]);
  assertTold(report);
  assert.deepEqual([report.governanceMessages, report.proposals], [1, 1]);
  const gone = await verify([governed([removing(membersTable, member.id)]).file(1)]);
  assertTold(gone, /^governance: A message is of [0-9a-f]+, who is not a/);
  const part = await verify([governed().file(3)], { part: true, services: [service.certificate] });
  assertTold(part);
  assert.match(part.notes.join(' '), /Messages of members whose certificates stand before the files were not checked/);
});

test('so many messages and proposals are compared, and no more', async () => {
  const many = (name: string, count: number): MapChanges => ({
    ...put(name, ''),
    writes: Array.from({ length: count }, (_, at) => [utf8(`${at}`), utf8('{}')] as const),
  });
  const of = async (messages: number, proposals: number): Promise<string> =>
    told(await holding(genesis, [many(messagesTable, messages), many(proposalsTable, proposals)])).join('\n');
  assert.doesNotMatch(await of(8, 8), /holds many messages/);
  assert.match(await of(5, 13), /holds many messages/);
});

test('evidence of a snapshot of another form is told', async () => {
  const evidence = put('public:ccf.internal.snapshot_evidence', '{}');
  assertTold(await holding(genesis, [evidence]), /^snapshot: The evidence of a snapshot: /);
});

test('evidence of commit of another secret is told, and early transactions need none', async () => {
  const ledger = new LittleLedger();
  ledger.add(genesis);
  const keys = keysOf(LedgerSecrets.begin(new LedgerSecret(nodeDigests, ledger.secret)));
  const encoder = new EntryEncoder();
  const add = (contents: { readonly type: 0 | 4; readonly commitEvidenceDigest?: Uint8Array }): void => {
    const entry = encoder.encode({ ...ledger.next, writes: [put('records', 'a')], ...contents }, ledger.cipher);
    ledger.entries.push(entry);
    const { commitEvidenceDigest } = contents;
    const digest = nodeDigests.sha256(entry);
    const leaf =
      commitEvidenceDigest === undefined ? digest : concatBytes(digest, commitEvidenceDigest, new Uint8Array(32));
    ledger.tree.append(commitEvidenceDigest === undefined ? leaf : nodeDigests.sha256(leaf));
  };
  add({ type: 0 });
  add({ type: 4, commitEvidenceDigest: new Uint8Array(32) });
  ledger.sign({ node, service });
  const report = await verify([ledger.file(1)], { keys });
  assertTold(report, /^private: The evidence of commit is not the one/);
  assert.equal(report.decrypted, 3);
});

test('what is found is bounded, counted and put in the order of the ledger', () => {
  const findings = new Findings();
  const place = (seqno: number) => ({ file: 'ledger_1', transactionId: { view: 2, seqno } });
  findings.problem('root', place(3), '3');
  findings.problem('form', { file: 'ledger_1' }, 'of no transaction');
  for (const seqno of [1, 2]) findings.problem('root', place(seqno), `${seqno}`);
  assert.deepEqual(
    findings.problems.map(({ message }) => message),
    ['1', '2', '3', 'of no transaction'],
  );
  for (let count = 4; count < 1005; count++) findings.problem('root', place(count), `${count}`);
  assert.deepEqual([findings.problems.length, findings.count], [1000, 1005]);
  for (let count = 0; count < 105; count++) findings.note(`${count}`);
  assert.equal(findings.notes.length, 100);
});

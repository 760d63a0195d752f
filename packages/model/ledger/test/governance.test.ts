import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborInteger, cborText, concatBytes, toBase64, toHex, utf8 } from '@enclos/codec';
import { coseProtectedHeader, type CoseLabel } from '@enclos/cose';
import { failsWith } from '@enclos/testkit';
import { MerkleTree } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { readGovernanceMessage, readGovernanceRecord, type GovernanceMessage } from '../src/proof/index.ts';
import { isProposalBody, isProposalId, verifyGovernanceMessage } from '../src/verify/governance.ts';
import { coseSign, party, tools } from './little-service.ts';

const member = party('member');
const payload = utf8('{"actions":[]}');
type Header = readonly (readonly [CoseLabel, Uint8Array])[];

function message(others: Header, { kid = member.id, isDetached = false } = {}): Uint8Array {
  const id = kid === '' ? {} : { kid: utf8(kid) };
  return coseSign(
    member,
    coseProtectedHeader({ algorithm: 'ES384', ...id, others: new Map(others) }),
    payload,
    isDetached,
  );
}

const proposal = readGovernanceMessage(message([['ccf.gov.msg.type', cborText('proposal')]]));

test('a message of a member says what it is, when it was made and about which proposal', () => {
  const full: Header = [
    ['ccf.gov.msg.type', cborText('ballot')],
    ['ccf.gov.msg.created_at', cborInteger(1_767_225_600)],
    ['ccf.gov.msg.proposal_id', cborText('ab')],
  ];
  const { message: _, ...read } = readGovernanceRecord(utf8(JSON.stringify(toBase64(message(full)))));
  assert.deepEqual(read, { type: 'ballot', createdAt: 1_767_225_600, proposalId: 'ab' });
  const { message: _early, ...early } = readGovernanceMessage(
    message([['ccf.gov.msg.created_at', cborText('2023-01-01T00:00:00')]]),
  );
  assert.deepEqual(early, { type: '' });
  assert.throws(() => readGovernanceRecord(utf8('5')), { code: 'LEDGER_INVALID', message: /not a string/ });
  const large = { code: 'LEDGER_INVALID', message: /more than 67108864 bytes/ };
  assert.throws(() => readGovernanceMessage(new Uint8Array(67_108_865)), large);
});

test('a message counts for the member that it names and whose key signed it', async () => {
  const verify = (given: GovernanceMessage, id = member.id, by = member): Promise<void> =>
    verifyGovernanceMessage(given, id, by.certificate, tools);
  await verify(proposal);
  const stranger = party('stranger');
  await assert.rejects(verify(proposal, stranger.id, member), { code: 'LEDGER_INVALID', message: /another member/ });
  const unnamed = readGovernanceMessage(message([], { kid: '' }));
  await assert.rejects(verify(unnamed), { code: 'LEDGER_INVALID', message: /another member/ });
  await assert.rejects(verify(proposal, member.id, stranger), failsWith('LEDGER_UNPROVEN', 'signature'));
});

test('a proposal is named after its message and a root of the transactions shortly before', () => {
  const tree = MerkleTree.begin(nodeDigests);
  for (let index = 1; index < 300; index++) tree.append(nodeDigests.sha256(Uint8Array.of(index & 0xff, index >> 8)));
  const idAt = (size: number): string =>
    toHex(nodeDigests.sha256(concatBytes(tree.root(size), nodeDigests.sha256(proposal.message.signature))));
  const isNamed = (size: number): boolean => isProposalId(idAt(size), proposal, tree, tools);
  assert.deepEqual([300, 150, 44, 43].map(isNamed), [true, true, true, false]);
  // Every root of a short tree is tried, and no root that it forgot.
  const [first, last] = [idAt(100), idAt(300)];
  tree.flush(100);
  assert.equal(isProposalId(first, proposal, tree, tools), false);
  assert.equal(isNamed(101), true);
  assert.equal(isProposalId(last, proposal, tree, tools), true);
  const short = MerkleTree.begin(nodeDigests);
  const alone = toHex(nodeDigests.sha256(concatBytes(short.root(), nodeDigests.sha256(proposal.message.signature))));
  assert.equal(isProposalId(alone, proposal, short, tools), true);
  assert.equal(isProposalId('', proposal, short, tools), false);
});

test('a proposal is stored as it was sent, or as a string of JSON', () => {
  assert.equal(isProposalBody(payload, proposal), true);
  assert.equal(isProposalBody(utf8(JSON.stringify('{"actions":[]}')), proposal), true);
  assert.equal(isProposalBody(utf8('{"actions":[] }'), proposal), false);
  assert.equal(isProposalBody(payload, readGovernanceMessage(message([], { isDetached: true }))), false);
});

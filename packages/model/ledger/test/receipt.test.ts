import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cborArray, cborBytes, concatBytes, fromBase64, toBase64, toHex, utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { failsWith, vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import { leafOf, readEntry } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { webDigests } from '../src/web/index.ts';
import {
  foldProof,
  readCoseReceipt,
  readJsonReceipt,
  readLedgerCertificate,
  readReceipt,
  verifyReceipt,
  verifySnapshot,
  writeCoseReceipt,
  writeJsonReceipt,
  type JsonReceipt,
} from '../src/proof/index.ts';
import { littleService, party, tools, type Party } from './little-service.ts';
import { readSample, sampleNames } from './samples.ts';

const { ledger, service, node } = littleService();
/** The transaction with claims. */
const seqno = 4;
const entry = readEntry(ledger.entries[seqno - 1] ?? new Uint8Array());
const size = 5;
const leaf = {
  writeSetDigest: nodeDigests.sha256(entry.bytes),
  commitEvidence: ledger.evidence({ view: 2, seqno }),
  claimsDigest: new Uint8Array(32).fill(9),
};

const proof = ledger.tree.proof(seqno, size);
const receipt: JsonReceipt = {
  signature: ledger.nodeSignature(node, size),
  certificate: node.pem,
  nodeId: node.id,
  of: { kind: 'transaction', leaf, proof },
  serviceEndorsements: [],
};
const cose = writeCoseReceipt(ledger.coseSignature(service, size), [{ leaf, proof }]);
const expected = { services: [service.certificate] };
const prove = (bytes: Uint8Array, more: object = {}): ReturnType<typeof verifyReceipt> =>
  verifyReceipt(readReceipt(bytes), { ...expected, ...more }, tools);
const jsonOf = (changes: object): Uint8Array =>
  utf8(JSON.stringify({ ...JSON.parse(writeJsonReceipt(receipt)), ...changes }));

test('a receipt in JSON proves its transaction and its claims', async () => {
  const proven = await prove(utf8(writeJsonReceipt(receipt)), { claimsDigest: leaf.claimsDigest });
  assert.deepEqual(proven.transactionId, { view: 2, seqno });
  assert.equal(proven.root, toHex(ledger.tree.root(size)));
  assert.equal(proven.claimsDigest, '09'.repeat(32));
  assert.equal(proven.signer.kind === 'node' && proven.signer.id, node.id);
  assert.equal(proven.service, service.certificate);
  assert.equal(proven.endorsementSteps, 0);
});

test('a receipt in COSE proves its transaction and its claims', async () => {
  const proven = await prove(cose, { claimsDigest: leaf.claimsDigest });
  assert.deepEqual(proven.transactionId, { view: 2, seqno });
  assert.equal(proven.root, toHex(ledger.tree.root(size)));
  assert.deepEqual(proven.signer, { kind: 'service', id: service.id, signatureId: { view: 2, seqno: size } });
});

test('the digests for browsers prove the same', async () => {
  const inBrowser = { ...tools, digests: webDigests };
  for (const bytes of [utf8(writeJsonReceipt(receipt)), cose]) {
    const proven = await verifyReceipt(readReceipt(bytes), expected, inBrowser);
    assert.deepEqual(proven, await prove(bytes));
  }
});

test('a receipt of Azure Confidential Ledger is one of CCF with other names', async () => {
  const { writeSetDigest, commitEvidence, claimsDigest } = leaf;
  const text = JSON.stringify({
    state: 'Ready',
    transactionId: '2.4',
    receipt: {
      cert: node.pem,
      leafComponents: { writeSetDigest: toHex(writeSetDigest), commitEvidence, claimsDigest: toHex(claimsDigest) },
      nodeId: node.id,
      proof: proof.map(({ side, digest }) => ({ [side]: toHex(digest) })),
      serviceEndorsements: [],
      signature: toBase64(receipt.signature),
    },
  });
  assert.deepEqual((await prove(utf8(text))).transactionId, { view: 2, seqno });
});

test('a receipt of a signature transaction proves the root', async () => {
  const root = ledger.tree.root(size);
  const of = { kind: 'signature', root } as const;
  const proven = await prove(utf8(writeJsonReceipt({ ...receipt, of })));
  assert.equal(proven.root, toHex(root));
  assert.equal(proven.transactionId, undefined);
  const other = { kind: 'signature', root: new Uint8Array(32) } as const;
  await assert.rejects(
    prove(utf8(writeJsonReceipt({ ...receipt, of: other }))),
    failsWith('LEDGER_UNPROVEN', 'signature'),
  );
});

test('a leaf that is given whole is refused, though it would give the root', async () => {
  const text = { leaf_components: undefined, leaf: toHex(leafOf(nodeDigests, entry)) };
  await assert.rejects(async () => prove(jsonOf(text)), failsWith('LEDGER_UNPROVEN', 'legacy-leaf'));
  // With the defence off, a node inside of the tree passes for a transaction: the proof of one without its first step is signed.
  const [first, ...rest] = proof;
  const inner = foldProof(leafOf(nodeDigests, entry), first === undefined ? [] : [first], tools).root;
  assert.deepEqual(foldProof(inner, rest, tools).root, ledger.tree.root(size));
});

test('a change of any part of a receipt is refused', async () => {
  const flippedClaims = { ...leaf, claimsDigest: new Uint8Array(32) };
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [utf8(writeJsonReceipt({ ...receipt, of: { kind: 'transaction', leaf: flippedClaims, proof } })), 'signature'],
    [utf8(writeJsonReceipt({ ...receipt, of: { kind: 'transaction', leaf, proof: proof.slice(1) } })), 'signature'],
    [jsonOf({ node_id: '00'.repeat(32) }), 'key'],
    [utf8(writeJsonReceipt({ ...receipt, certificate: party('stranger', service).pem })), 'key'],
    [writeCoseReceipt(ledger.coseSignature(service, size), [{ leaf: flippedClaims, proof }]), 'signature'],
    [writeCoseReceipt(ledger.coseSignature(party('stranger'), size), [{ leaf, proof }]), 'key'],
  ];
  for (const [bytes, rule] of cases) await assert.rejects(prove(bytes), failsWith('LEDGER_UNPROVEN', rule));
  for (const bytes of [cose, utf8(writeJsonReceipt(receipt))]) {
    await assert.rejects(prove(bytes, { claimsDigest: new Uint8Array(32) }), failsWith('LEDGER_UNPROVEN', 'claims'));
  }
});

test('a node of another service is refused, and one that a node issued', async () => {
  const other = party('other service');
  const services = { services: [other.certificate] };
  await assert.rejects(prove(utf8(writeJsonReceipt(receipt)), services), failsWith('LEDGER_UNPROVEN', 'certificate'));
  const signedBy = (signer: Party, endorsements: readonly string[]): Uint8Array =>
    utf8(
      writeJsonReceipt({
        ...receipt,
        signature: ledger.nodeSignature(signer, size),
        certificate: signer.pem,
        nodeId: signer.id,
        serviceEndorsements: endorsements,
      }),
    );
  // The node's certificate is the service's own, and yet it is not an authority.
  const sub = party('sub', node, false);
  await assert.rejects(prove(signedBy(sub, [node.pem])), failsWith('LEDGER_UNPROVEN', 'endorsement'));
  assert.equal((await prove(signedBy(party('second node', service), []))).endorsementSteps, 0);
});

test('a service that was recovered vouches for its earlier identity', async () => {
  const next = party('next service');
  // The next identity issues a certificate for the key of the one before.
  const earlier = party('service', next, true);
  const services = { services: [next.certificate] };
  const text = utf8(writeJsonReceipt({ ...receipt, serviceEndorsements: [earlier.pem] }));
  assert.equal((await prove(text, services)).endorsementSteps, 1);
  assert.equal((await prove(text)).service, service.certificate);
  await assert.rejects(
    prove(text, { services: [party('other service').certificate] }),
    failsWith('LEDGER_UNPROVEN', 'certificate'),
  );
});

test('receipts of other forms are refused as malformed', () => {
  const several = writeCoseReceipt(ledger.coseSignature(service, size), []);
  const cases: readonly Uint8Array[] = [
    jsonOf({ cert: undefined }),
    jsonOf({ proof: [{ left: '00' }] }),
    jsonOf({ proof: [{}] }),
    jsonOf({ proof: [{ left: '00'.repeat(32), right: '00'.repeat(32) }] }),
    jsonOf({ proof: Array.from({ length: 65 }, () => ({ left: '00'.repeat(32) })) }),
    jsonOf({ nodeId: node.id }),
    utf8('[]'),
    utf8('no receipt'),
    several,
    ledger.coseSignature(service, size),
    concatBytes(cose, Uint8Array.of(0)),
    cborArray(cborBytes(cose)),
  ];
  for (const bytes of cases) assert.throws(() => readReceipt(bytes), failsWith('LEDGER_INVALID'));
});

test('evidence of commit of another form is refused', async () => {
  const wrong = { ...leaf, commitEvidence: 'ce:2.4' };
  await assert.rejects(
    prove(writeCoseReceipt(ledger.coseSignature(service, size), [{ leaf: wrong, proof }])),
    failsWith('LEDGER_INVALID'),
  );
});

test('any bytes are a receipt or are refused', () => {
  const seeds = [cose, utf8(writeJsonReceipt(receipt))];
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.nat(), fc.nat(255), (seed, at, value) => {
      const bytes = seed.slice();
      bytes[at % bytes.length] = value;
      try {
        readReceipt(bytes);
      } catch (error) {
        assert.ok(isEnclosError(error, 'LEDGER_INVALID') || isEnclosError(error, 'LEDGER_UNPROVEN'), String(error));
      }
    }),
  );
});

test('a receipt that is written reads back', () => {
  assert.deepEqual(readJsonReceipt(writeJsonReceipt(receipt)), receipt);
  assert.deepEqual(readCoseReceipt(cose).proofs, [{ leaf, proof }]);
  assert.deepEqual(fromBase64(toBase64(receipt.signature)), receipt.signature);
});

vectors.test('the snapshots of a public ledger are proved by their receipts', async () => {
  const services = [
    readLedgerCertificate(new TextDecoder().decode(readSample('sgx_service', 'common/service_cert.pem'))),
  ];
  const read = (name: string): Uint8Array => readSample('sgx_service', `snapshots/${name}`);
  assert.equal(sampleNames('sgx_service', 'snapshots').filter((name) => name.endsWith('.committed')).length, 2);
  const proven = await verifySnapshot(read('snapshot_138_139.committed'), { services }, tools);
  assert.equal(proven.seqno, 138);
  assert.deepEqual(proven.transactionId, { view: 8, seqno: 139 });
  // The other one is of an identity before a recovery, and this version of CCF keeps no endorsement in the file.
  await assert.rejects(
    verifySnapshot(read('snapshot_99_100.committed'), { services }, tools),
    failsWith('LEDGER_UNPROVEN', 'certificate'),
  );
  const changed = read('snapshot_138_139.committed');
  changed[1000] = (changed[1000] ?? 0) ^ 1;
  await assert.rejects(verifySnapshot(changed, { services }, tools), failsWith('LEDGER_UNPROVEN', 'claims'));
});

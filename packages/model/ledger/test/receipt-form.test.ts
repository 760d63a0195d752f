import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cborArray,
  cborBoolean,
  cborBytes,
  cborInteger,
  cborLabelledMap,
  cborNull,
  cborText,
  concatBytes,
  toBase64,
  toHex,
  utf8,
} from '@enclos/codec';
import { coseProtectedHeader, readCoseSign1, writeCoseSign1 } from '@enclos/cose';
import { failsWith } from '@enclos/testkit';
import { readEntry } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import {
  foldProof,
  leafOfComponents,
  readCoseReceipt,
  readCoseRootSignature,
  readJsonReceipt,
  readReceipt,
  verifyReceipt,
  writeCoseReceipt,
  writeJsonReceipt,
  type JsonReceipt,
  type ProvenReceipt,
} from '../src/proof/index.ts';
import { coseSign, littleService, party, tools } from './little-service.ts';

const { ledger, service, node } = littleService();
/** With neighbours on both sides. */
const [seqno, size] = [2, 6];
const leaf = {
  writeSetDigest: nodeDigests.sha256(readEntry(ledger.entries[seqno - 1] ?? new Uint8Array()).bytes),
  commitEvidence: ledger.evidence({ view: 2, seqno }),
  claimsDigest: new Uint8Array(32),
};
const proof = ledger.tree.proof(seqno, size);
const trusting = { services: [service.certificate] };
const signature = ledger.coseSignature(service, size);
const { protectedBytes, signature: signatureBytes, protected: header } = readCoseSign1(signature, { maxBytes: 65_536 });
const malformed = failsWith('LEDGER_INVALID');

/** A receipt as ccf-receipt.cddl has it: label -1 of the proofs at 396. */
const coseOf = (proofs: Uint8Array, label = -1): Uint8Array =>
  writeCoseSign1({
    protectedBytes,
    unprotected: new Map([[396, cborLabelledMap([[label, proofs]])]]),
    signature: signatureBytes,
  });
const step = (side: Uint8Array, digest: Uint8Array): Uint8Array => cborArray(side, cborBytes(digest));
const parts = {
  leaf: cborArray(cborBytes(leaf.writeSetDigest), cborText(leaf.commitEvidence), cborBytes(leaf.claimsDigest)),
  path: cborArray(...proof.map(({ side, digest }) => step(cborBoolean(side === 'left'), digest))),
};
const proofOf = (
  changes: Partial<typeof parts> = {},
  more: readonly (readonly [number, Uint8Array])[] = [],
): Uint8Array => cborLabelledMap([[1, changes.leaf ?? parts.leaf], [2, changes.path ?? parts.path], ...more]);
const oneProof = (bytes: Uint8Array): Uint8Array => coseOf(cborArray(cborBytes(bytes)));

const receipt: JsonReceipt = {
  signature: ledger.nodeSignature(node, size),
  certificate: node.pem,
  nodeId: node.id,
  of: { kind: 'transaction', leaf, proof },
  serviceEndorsements: [],
};
const jsonOf = (changes: object): string => JSON.stringify({ ...JSON.parse(writeJsonReceipt(receipt)), ...changes });
const prove = (bytes: Uint8Array, expected = trusting): Promise<ProvenReceipt> =>
  verifyReceipt(readReceipt(bytes), expected, tools);

test('a receipt is written as the profile has it, and proves a transaction with neighbours on both sides', async () => {
  assert.deepEqual(new Set(proof.map(({ side }) => side)), new Set(['left', 'right']));
  const cose = writeCoseReceipt(signature, [{ leaf, proof }]);
  assert.deepEqual(cose, oneProof(proofOf()));
  assert.equal(readReceipt(cose).form, 'cose');
  for (const bytes of [cose, utf8(writeJsonReceipt(receipt))]) {
    const proven = await prove(bytes);
    assert.equal(proven.root, toHex(ledger.tree.root(size)));
    assert.equal(proven.writeSetDigest, toHex(leaf.writeSetDigest));
    assert.equal(proven.claimsDigest, '00'.repeat(32));
  }
});

test('proofs of inclusion are bounded in number, size, members and steps', () => {
  const proofs = (count: number): Uint8Array =>
    coseOf(cborArray(...Array.from({ length: count }, () => cborBytes(proofOf()))));
  assert.equal(readCoseReceipt(proofs(16)).proofs.length, 16);
  assert.throws(() => readCoseReceipt(proofs(17)), malformed);
  const ofBytes = (bytes: number): Uint8Array => {
    const padding = bytes - proofOf({}, [[3, cborBytes(new Uint8Array(1000))]]).length + 1000;
    return oneProof(proofOf({}, [[3, cborBytes(new Uint8Array(padding))]]));
  };
  assert.equal(readCoseReceipt(ofBytes(8192)).proofs.length, 1);
  assert.throws(() => readCoseReceipt(ofBytes(8193)), malformed);
  const members = (...labels: readonly number[]): Uint8Array =>
    oneProof(
      proofOf(
        {},
        labels.map((label) => [label, cborNull()] as const),
      ),
    );
  assert.equal(readCoseReceipt(members(3, 4)).proofs.length, 1);
  assert.throws(() => readCoseReceipt(members(3, 4, 5)), malformed);
  const steps = (count: number): Uint8Array =>
    cborArray(...Array.from({ length: count }, () => step(cborBoolean(true), leaf.claimsDigest)));
  assert.equal(readCoseReceipt(oneProof(proofOf({ path: steps(64) }))).proofs[0]?.proof.length, 64);
  assert.throws(() => readCoseReceipt(oneProof(proofOf({ path: steps(65) }))), malformed);
  const evidence = (length: number): Uint8Array =>
    cborArray(cborBytes(leaf.writeSetDigest), cborText('c'.repeat(length)), cborBytes(leaf.claimsDigest));
  assert.equal(readCoseReceipt(oneProof(proofOf({ leaf: evidence(1024) }))).proofs.length, 1);
  assert.throws(() => readCoseReceipt(oneProof(proofOf({ leaf: evidence(1025) }))), malformed);
  const tooLong = { code: 'LEDGER_INVALID', message: /more than 262144 bytes/ };
  assert.throws(() => readCoseReceipt(new Uint8Array(262_145)), tooLong);
  assert.throws(() => readCoseReceipt(new Uint8Array(262_144)), {
    code: 'LEDGER_INVALID',
    message: /^(?!.*more than)/,
  });
});

test('proofs of inclusion of another form are refused', () => {
  const digests = [cborBytes(leaf.writeSetDigest), cborBytes(leaf.claimsDigest)] as const;
  const short = cborBytes(new Uint8Array(31));
  const evidence = cborText(leaf.commitEvidence);
  const whole = cborBoolean(true);
  const proofs: readonly Uint8Array[] = [
    concatBytes(proofOf(), Uint8Array.of(0)),
    cborLabelledMap([[1, parts.leaf]]),
    cborLabelledMap([[2, parts.path]]),
    // A label twice: the second path could be the one that another reader takes.
    concatBytes(Uint8Array.of(0xa3, 1), parts.leaf, Uint8Array.of(2), parts.path, Uint8Array.of(2), parts.path),
    proofOf({ leaf: cborArray(digests[0], evidence) }),
    proofOf({ leaf: cborArray(short, evidence, digests[1]) }),
    proofOf({ leaf: cborArray(digests[0], evidence, short) }),
    proofOf({ path: cborArray(cborArray(whole)) }),
    proofOf({ path: cborArray(step(whole, new Uint8Array(31))) }),
    proofOf({ path: cborArray(step(cborNull(), leaf.claimsDigest)) }),
  ];
  for (const bytes of proofs) assert.throws(() => readCoseReceipt(oneProof(bytes)), malformed, toHex(bytes));
  assert.throws(() => readCoseReceipt(coseOf(cborArray(cborBytes(proofOf())), -2)), malformed);
  const side = oneProof(proofOf({ path: cborArray(cborArray(whole)) }));
  assert.throws(() => readCoseReceipt(side), { message: /two parts/ });
  const pair = oneProof(proofOf({ leaf: cborArray(digests[0], evidence) }));
  assert.throws(() => readCoseReceipt(pair), { message: /three parts/ });
});

test('a receipt is for one transaction, before the one that signs', async () => {
  const several = writeCoseReceipt(signature, [
    { leaf, proof },
    { leaf, proof },
  ]);
  await assert.rejects(prove(several), malformed);
  const { form, ...read } = { form: 'cose' as const, ...readCoseReceipt(several) };
  await assert.rejects(verifyReceipt({ form, ...read, proofs: [] }, trusting, tools), malformed);
  // The evidence is of the service, and the tree holds it: only the order is wrong.
  for (const [named, rule] of [
    [size - 1, 'signature'],
    [size, 'transaction'],
    [size + 1, 'transaction'],
  ] as const) {
    const later = { ...leaf, commitEvidence: ledger.evidence({ view: 2, seqno: named }) };
    await assert.rejects(
      prove(writeCoseReceipt(signature, [{ leaf: later, proof }])),
      failsWith('LEDGER_UNPROVEN', rule),
    );
  }
});

test('a receipt is written of a signature whose parameters are critical', () => {
  const others = new Map([...header].filter(([label]) => label !== 1));
  others.set(2, cborArray(cborInteger(395), cborInteger(15), cborText('ccf.v1')));
  const critical = coseSign(service, coseProtectedHeader({ algorithm: 'ES384', others }), ledger.tree.root(size), true);
  assert.deepEqual(readCoseRootSignature(critical).transactionId, { view: 2, seqno: size });
  assert.deepEqual(readCoseReceipt(writeCoseReceipt(critical, [{ leaf, proof }])).proofs, [{ leaf, proof }]);
});

test('evidence of commit has one form', async () => {
  const { commitEvidence } = leaf;
  for (const text of [` ${commitEvidence}`, `${commitEvidence} `, `${commitEvidence}00`, 'mutated', 'ce:2.4:00', '']) {
    const receiptOf = writeCoseReceipt(signature, [{ leaf: { ...leaf, commitEvidence: text }, proof }]);
    await assert.rejects(
      prove(receiptOf),
      { code: 'LEDGER_INVALID', message: /does not have the form ce:2\.18/ },
      text,
    );
  }
});

test('the members of a receipt in JSON are bounded', () => {
  const read = (changes: object): JsonReceipt => readJsonReceipt(jsonOf(changes));
  const text = writeJsonReceipt(receipt);
  assert.deepEqual(readJsonReceipt(text.padEnd(262_144)), receipt);
  assert.throws(() => readJsonReceipt(text.padEnd(262_145)), malformed);
  const filled = (length: number): string => 'c'.repeat(length);
  const components = (length: number): object => ({
    leaf_components: { write_set_digest: '00'.repeat(32), commit_evidence: filled(length) },
  });
  const steps = (length: number): object => ({ proof: Array.from({ length }, () => ({ left: '00'.repeat(32) })) });
  const endorsements = (length: number): object => ({ service_endorsements: Array.from({ length }, () => '') });
  for (const [make, limit] of [
    [(length) => ({ cert: filled(length) }), 16_384],
    [(length) => ({ signature: toBase64(new Uint8Array(length)) }), 256],
    [components, 1024],
    [steps, 64],
    [endorsements, 64],
    [(length) => ({ service_endorsements: [filled(length)] }), 16_384],
  ] as readonly (readonly [(length: number) => object, number])[]) {
    read(make(limit));
    assert.throws(() => read(make(limit + 1)), malformed, JSON.stringify(make(limit + 1)).slice(0, 40));
  }
});

test('members of a receipt in JSON stand once, in one spelling, and what is missing is named', () => {
  const refused = (text: string, message: RegExp): void => {
    assert.throws(() => readJsonReceipt(text), { code: 'LEDGER_INVALID', message });
  };
  refused('{"signature":""}', /does not hold the certificate of the node/);
  refused('{}', /receipt\.signature/);
  refused(jsonOf({ serviceEndorsements: [], service_endorsements: [] }), /both service_endorsements and/);
  refused(jsonOf({ proof: undefined }), /receipt\.proof/);
  refused(jsonOf({ proof: [{ left: '00'.repeat(32), right: '00'.repeat(32) }] }), /two sides/);
  assert.throws(() => readReceipt(Uint8Array.of(0xff)), {
    code: 'LEDGER_INVALID',
    message: /neither a receipt in JSON/,
  });
  assert.throws(() => readReceipt(utf8(jsonOf({ cert: 1 }))), { code: 'LEDGER_INVALID', message: /receipt\.cert/ });
  assert.doesNotMatch(writeJsonReceipt(receipt), /endorsements/);
});

test('the root of a signature transaction stands under one of three names', () => {
  const root = ledger.tree.root(size);
  for (const name of ['leaf', 'root', 'root_hex']) {
    const { of } = readJsonReceipt(jsonOf({ leaf_components: undefined, proof: [], [name]: toHex(root) }));
    assert.deepEqual(of, { kind: 'signature', root });
  }
});

test('a receipt without claims proves none, and one without a step is of its leaf alone', async () => {
  const { claimsDigest: _, ...early } = leaf;
  const of = { kind: 'transaction', leaf: early, proof } as const;
  const written = { ...receipt, of };
  assert.deepEqual(readJsonReceipt(writeJsonReceipt(written)), written);
  const bytes = utf8(writeJsonReceipt(written));
  const claims = { ...trusting, claimsDigest: new Uint8Array(32) };
  await assert.rejects(prove(bytes, claims), failsWith('LEDGER_UNPROVEN', 'claims'));
  assert.deepEqual(foldProof(leaf.claimsDigest, [], tools), { root: leaf.claimsDigest });
  const digest = nodeDigests.sha256;
  assert.deepEqual(
    leafOfComponents(early, tools),
    digest(concatBytes(leaf.writeSetDigest, digest(utf8(leaf.commitEvidence)))),
  );
  assert.deepEqual(
    leafOfComponents({ writeSetDigest: leaf.writeSetDigest, claimsDigest: leaf.claimsDigest }, tools),
    digest(concatBytes(leaf.writeSetDigest, leaf.claimsDigest)),
  );
});

test('the endorsements of a receipt of Azure Confidential Ledger count', async () => {
  const next = party('next service');
  const text = writeJsonReceipt({ ...receipt, serviceEndorsements: [party('service', next, true).pem] });
  const bytes = utf8(`{"receipt":${text.replace('service_endorsements', 'serviceEndorsements')}}`);
  assert.equal((await prove(bytes, { services: [next.certificate] })).endorsementSteps, 1);
});

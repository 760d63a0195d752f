import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { utf8 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { failsWith } from '@enclos/testkit';
import {
  encodeRecoveryShares,
  encodeSecretRecord,
  encodeShare,
  EntryEncoder,
  LedgerSecret,
  LedgerSecrets,
  makeShares,
  sealShare,
  wrapLedgerSecret,
  type MapChanges,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import {
  keysOf,
  makeReceipt,
  readLedger,
  readReceipt,
  recoverLedgerSecrets,
  verifyReceipt,
  writeNodeSignature,
  type MadeReceipt,
  type ReceiptRequest,
} from '../src/proof/index.ts';
import { filesOf, LittleLedger, littleService, put, tools } from './little-service.ts';

// What is made of the files of a ledger, by those who have its keys.
const { ledger, service, node } = littleService();
const keysFor = (secret: Uint8Array, from = 1) =>
  keysOf(LedgerSecrets.begin(new LedgerSecret(nodeDigests, secret), from));
const keys = keysFor(ledger.secret);
const whole = filesOf([ledger.file(1, 5), ledger.file(6)]);
const make = (request: Partial<ReceiptRequest> = {}, files = whole): Promise<MadeReceipt> =>
  makeReceipt(files, { transactionId: { view: 2, seqno: 4 }, form: 'json', keys, ...request }, tools);
const unavailable = (message: RegExp) => ({ code: 'LEDGER_UNAVAILABLE', message });

test('a receipt of each form is made with the first signature after its transaction', async () => {
  for (const form of ['json', 'cose'] as const) {
    for (const [seqno, signature] of [
      [1, 2],
      [4, 5],
      [5, 7],
      [6, 7],
    ] as const) {
      const { bytes, signatureId } = await make({ transactionId: { view: 2, seqno }, form });
      assert.deepEqual(signatureId, { view: 2, seqno: signature });
      const receipt = readReceipt(bytes);
      assert.equal(receipt.form, form);
      const proven = await verifyReceipt(receipt, { services: [service.certificate] }, tools);
      assert.deepEqual(proven.transactionId, { view: 2, seqno });
      assert.equal(proven.claimsDigest, (seqno === 4 ? '09' : '00').repeat(32));
    }
  }
});

test('a receipt takes the signature of its form, and passes over others', async () => {
  const mixed = new LittleLedger();
  mixed.add([put('public:records', 'a')]);
  mixed.sign({ node });
  mixed.sign({ service });
  const files = filesOf([mixed.file(1)]);
  const transactionId = { view: 2, seqno: 1 };
  assert.equal((await make({ transactionId }, files)).signatureId.seqno, 2);
  assert.equal((await make({ transactionId, form: 'cose' }, files)).signatureId.seqno, 3);
});

test('no receipt is made of what the files do not hold', async () => {
  await assert.rejects(
    make({ transactionId: { view: 2, seqno: 9 } }),
    unavailable(/do not hold the transaction: their last one has the seqno 7\./),
  );
  await assert.rejects(make({ transactionId: { view: 3, seqno: 4 } }), unavailable(/of view 2: 3\.4 is not/));
  await assert.rejects(make({ transactionId: { view: 2, seqno: 7 } }), unavailable(/No signature of a node follows/));
  await assert.rejects(
    make({ transactionId: { view: 2, seqno: 7 }, form: 'cose' }),
    unavailable(/No COSE signature follows/),
  );
  await assert.rejects(make({}, filesOf([ledger.file(3)])), unavailable(/lack transaction 1,/));
  await assert.rejects(make({}, filesOf([ledger.file(1, 2), ledger.file(4)])), unavailable(/lack transaction 3,/));
});

test('no receipt is made without the evidence of commit, or with that of another secret', async () => {
  const { keys: _, ...without } = { transactionId: { view: 2, seqno: 4 }, form: 'json' as const, keys };
  await assert.rejects(makeReceipt(whole, without, tools), unavailable(/only the ledger secret gives/));
  await assert.rejects(make({ keys: keysFor(ledger.secret, 5) }), unavailable(/only the ledger secret gives/));
  await assert.rejects(make({ keys: keysFor(new Uint8Array(32)) }), { code: 'LEDGER_SECRET_WRONG' });
  const early = new LittleLedger();
  const entry = new EntryEncoder().encode({ type: 0, view: 2, seqno: 1, writes: [] }, early.cipher);
  early.entries.push(entry);
  early.tree.append(nodeDigests.sha256(entry));
  early.sign({ node, service });
  const files = filesOf([early.file(1)]);
  const transactionId = { view: 2, seqno: 1 };
  await assert.rejects(make({ transactionId }, files), unavailable(/has no evidence of commit, without which/));
  const bare = new EntryEncoder().encode(
    {
      type: 3,
      view: 2,
      seqno: 1,
      writes: [],
      commitEvidenceDigest: nodeDigests.sha256(utf8(early.evidence(transactionId))),
    },
    early.cipher,
  );
  early.entries[0] = bare;
  assert.ok((await make({ transactionId }, filesOf([early.file(1)]))).bytes.length > 0);
  await assert.rejects(
    make({ transactionId, form: 'cose' }, filesOf([early.file(1)])),
    unavailable(/no evidence of commit or no claims/),
  );
});

test('no receipt in JSON is made where the signature holds no certificate', async () => {
  const old = new LittleLedger();
  old.add([put('public:records', 'a')]);
  const record = { transactionId: old.next, node: node.id, root: old.tree.root() };
  old.add([
    put('public:ccf.internal.signatures', writeNodeSignature({ ...record, signature: old.nodeSignature(node) })),
  ]);
  const request = { transactionId: { view: 2, seqno: 1 } };
  await assert.rejects(make(request, filesOf([old.file(1)])), unavailable(/does not hold the certificate of its node/));
});

test('the entries of a ledger are read with their places, over files and pieces, and a cut one is refused', async () => {
  const [first, second] = [ledger.file(1, 5), ledger.file(6)];
  const pieces = [second, first].map(({ name, bytes }) => ({
    name,
    async *read() {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    },
  }));
  const places: unknown[] = [];
  for await (const { file, offset, entry } of readLedger(pieces)) places.push([file, offset, entry.seqno]);
  const offsetOf = (from: number, index: number): number =>
    ledger.entries.slice(from, index).reduce((sum, { length }) => sum + length, 8);
  assert.deepEqual(
    places,
    [0, 1, 2, 3, 4, 5, 6].map((index) => [
      index < 5 ? first.name : second.name,
      offsetOf(index < 5 ? 0 : 5, index),
      index + 1,
    ]),
  );
  const cut = ledger.file(1, 5);
  for (const spoilt of [
    { name: 'ledger_1', bytes: ledger.file(1).bytes.with(8, 9) },
    { ...cut, bytes: cut.bytes.subarray(0, -1) },
  ]) {
    await assert.rejects(async () => {
      for await (const { entry } of readLedger(filesOf([spoilt]))) assert.ok(entry);
    }, failsWith('LEDGER_INVALID'));
  }
});

const owners = ['a', 'b'].map(() =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }),
);

function strangersKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/** A ledger with a rekey, whose shares belong to two members. */
async function shared(settings?: string): Promise<{ rekeyed: LittleLedger; latest: Uint8Array; first: LedgerSecret }> {
  const rekeyed = new LittleLedger();
  const first = new LedgerSecret(nodeDigests, rekeyed.secret);
  const latest = new LedgerSecret(nodeDigests, new Uint8Array(32).fill(8));
  const issueOf = async (secret: LedgerSecret): Promise<MapChanges> => {
    const made = makeShares({ threshold: 2, count: 2 }, (length) => new Uint8Array(randomBytes(length)));
    const encryptedShares = new Map<string, Uint8Array>();
    for (const [index, { publicKey }] of owners.entries()) {
      encryptedShares.set(`${index}`, await sealShare(publicKey, encodeShare(made.shares[index] ?? made.secret)));
    }
    const wrappedLatestSecret = wrapLedgerSecret(nodeDigests, made.secret, secret);
    return put('public:ccf.internal.recovery_shares', encodeRecoveryShares({ wrappedLatestSecret, encryptedShares }));
  };
  const table = 'public:ccf.internal.historical_encrypted_ledger_secret';
  const configured = settings === undefined ? [] : [put('public:ccf.gov.service.config', settings)];
  rekeyed.add([put(table, encodeSecretRecord({})), await issueOf(first), ...configured]);
  rekeyed.add([put('records', 'private')]);
  const record = LedgerSecrets.begin(first).recordFor(latest, new Uint8Array(12));
  rekeyed.add([put(table, encodeSecretRecord(record)), await issueOf(latest)]);
  return { rekeyed, latest: latest.reveal(), first };
}

test('members recover the secrets of a ledger together, and its latest secret does alone', async () => {
  const { rekeyed, latest, first } = await shared();
  const files = filesOf([rekeyed.file(1)]);
  const members = owners.map(({ privateKey }) => privateKey);
  for (const given of [{ members }, { members: [...members, ...members] }, { latestSecret: latest }]) {
    const secrets = await recoverLedgerSecrets(files, given, nodeDigests);
    assert.deepEqual(secrets.versions, [1, 4]);
    assert.deepEqual(secrets.at(3).reveal(), first.reveal());
    assert.deepEqual(secrets.latest.reveal(), latest);
  }
  for (const given of [{ members: members.slice(1) }, { latestSecret: first.reveal() }]) {
    await assert.rejects(recoverLedgerSecrets(files, given, nodeDigests), failsWith('LEDGER_SECRET_WRONG'));
  }
  await assert.rejects(recoverLedgerSecrets(files, { members: [] }, nodeDigests), failsWith('LEDGER_SHARE_INVALID'));
  await assert.rejects(recoverLedgerSecrets(files, { members: ['no key'] }, nodeDigests), failsWith('LEDGER_INVALID'));
  await assert.rejects(recoverLedgerSecrets(whole, { members }, nodeDigests), unavailable(/holds no recovery shares/));
});

test('keys that do not open a ledger are told from keys that are too few', async () => {
  const failure = async (settings: string | undefined, ...members: readonly string[]): Promise<string> => {
    const { rekeyed } = await shared(settings);
    const failed = recoverLedgerSecrets(filesOf([rekeyed.file(1)]), { members }, nodeDigests);
    return failed.then(
      () => '',
      (error: unknown) => (isEnclosError(error, 'LEDGER_SECRET_WRONG') ? error.message : String(error)),
    );
  };
  const own = owners[0]?.privateKey ?? '';
  const stranger = strangersKey();
  const tooFew = /^The keys open 1 recovery share of the ledger, and its recovery threshold is 2:/;
  assert.match(await failure('{"recovery_threshold":2}', own), tooFew);
  assert.match(await failure('{"recovery_threshold":2}', own, stranger, own), tooFew);
  assert.match(await failure('{"recovery_threshold":2}', stranger), /^No key opens a recovery share of the ledger/);
  for (const settings of [undefined, 'no JSON', '[]', '{"recovery_threshold":"2"}', '{"recovery_threshold":1}']) {
    assert.match(await failure(settings, own), /^The shares do not open the latest ledger secret/);
  }
});

test('before its first secret a ledger has no keys', () => {
  const known = keysFor(ledger.secret, 5);
  assert.equal(known(4), undefined);
  assert.ok(known(5));
});

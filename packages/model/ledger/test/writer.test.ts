import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { vectors } from '@enclos/testkit';
import * as fc from 'fast-check';
import {
  entryFlags,
  LedgerSecret,
  LedgerSecrets,
  LedgerWriter,
  privateWrites,
  publicWrites,
  readSerialisedTree,
  serialiseTree,
  type WriteSet,
} from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import { checkLedger } from './independent-checker.ts';
import { sampleSecrets } from './sample-secrets.ts';
import { chunkNames, readSample, sampleEntries } from './samples.ts';
import { LedgerFiles, signatureOf } from './written-ledger.ts';

const [first, second] = [1, 2].map((fill) => new Uint8Array(32).fill(fill)) as [Uint8Array, Uint8Array];

function newWriter(chunkBytes = 600): LedgerWriter {
  const secrets = LedgerSecrets.begin(new LedgerSecret(nodeDigests, first));
  return new LedgerWriter({ digests: nodeDigests, secrets, chunkBytes });
}

const writesOf = (text: string): WriteSet => [
  { name: 'public:log', readVersion: 0, writes: [[utf8('key'), utf8(text)]], removes: [utf8('old')] },
  { name: 'records', readVersion: 3, writes: [[utf8('secret'), utf8(text)]], removes: [] },
];

/** Writes as the checker gives them. */
function linesOf(seqno: number, writes: WriteSet): readonly string[] {
  return writes.flatMap(({ name, writes: pairs, removes }) => [
    ...pairs.map(([key, value]) => `${seqno} ${name} ${toHex(key)}=${toHex(value)}`),
    ...removes.map((key) => `${seqno} ${name} ${toHex(key)} removed`),
  ]);
}

type Step =
  | { readonly kind: 'write' | 'sign' | 'signAndEnd' | 'commit' }
  | { readonly kind: 'back'; readonly by: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('sign' as const, 'signAndEnd' as const, 'commit' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back' as const), by: fc.nat(12) }) },
);

test('what is written, signed, ended, committed and taken back passes a checker that shares no code with it', () => {
  fc.assert(
    fc.property(
      fc.array(steps, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 300, max: 1500 }),
      (list, chunkBytes) => {
        const writer = newWriter(chunkBytes);
        const files = new LedgerFiles();
        const expected: (readonly string[])[] = [];
        let committed = 0;
        let view = 2;
        for (const [turn, step] of list.entries()) {
          if (step.kind === 'commit') {
            committed = writer.seqno;
            for (const renamed of writer.commit(committed)) files.rename(renamed);
          } else if (step.kind === 'back') {
            const to = Math.max(committed, writer.seqno - step.by);
            files.cut(writer.retract(to));
            expected.length = to;
            view++;
          } else {
            const transaction =
              step.kind === 'write' ? { view, writes: writesOf(`${turn}`) } : signatureOf(writer, view);
            const written = writer.append({ ...transaction, endsChunk: step.kind === 'signAndEnd' });
            files.store(written);
            expected.push(linesOf(written.seqno, transaction.writes));
          }
        }
        const checked = checkLedger(files.list(), () => first);
        assert.equal(checked.transactions, writer.seqno);
        assert.deepEqual(checked.writes, expected.flat());
      },
    ),
    { numRuns: 60 },
  );
});

test('a chunk ends with the first signature behind its size, and with one that is told to', () => {
  const writer = newWriter(2000);
  const files = new LedgerFiles();
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 6; count++) files.store(writer.append({ view: 2, writes: writesOf('x') }));
    files.store(writer.append(signatureOf(writer, 2)));
  }
  files.store(writer.append({ ...signatureOf(writer, 2), endsChunk: true }));
  files.store(writer.append({ view: 2, writes: writesOf('y') }));
  const { after, before, signatures } = checkLedger(files.list(), () => first);
  assert.deepEqual({ after, before, signatures }, { after: [14, 22], before: [], signatures: 4 });
  assert.deepEqual([...files.files.keys()].toSorted(), ['ledger_1-14', 'ledger_15-22', 'ledger_23']);
  assert.deepEqual(writer.commit(21), [{ from: 'ledger_1-14', to: 'ledger_1-14.committed' }]);
  assert.deepEqual(writer.commit(22), [{ from: 'ledger_15-22', to: 'ledger_15-22.committed' }]);
  assert.deepEqual(writer.commit(23), []);
});

test('a transaction that begins a chunk closes the one before', () => {
  const writer = newWriter();
  const files = new LedgerFiles();
  files.store(writer.append({ view: 2, writes: writesOf('x') }));
  files.store(writer.append(signatureOf(writer, 2)));
  files.store(writer.append({ view: 4, writes: writesOf('y'), beginsChunk: true }));
  assert.deepEqual([...files.files.keys()].toSorted(), ['ledger_1-2', 'ledger_3']);
  assert.deepEqual(checkLedger(files.list(), () => first).before, [3]);
});

test('after a rekey the next transaction has the new secret', () => {
  const writer = newWriter();
  const files = new LedgerFiles();
  files.store(writer.append({ view: 2, writes: writesOf('x') }));
  writer.secrets.begin(new LedgerSecret(nodeDigests, second), writer.seqno);
  files.store(writer.append({ view: 2, writes: writesOf('y') }));
  checkLedger(files.list(), (seqno) => (seqno === 1 ? first : second));
  assert.throws(() => checkLedger(files.list(), () => first), /authenticate/);
  writer.retract(0);
  assert.deepEqual(writer.secrets.versions, [1]);
});

test('chunks of a recovery are named so', () => {
  const secrets = LedgerSecrets.begin(new LedgerSecret(nodeDigests, first));
  const writer = new LedgerWriter({ digests: nodeDigests, secrets, recovery: true });
  const { place } = writer.append({ view: 2, writes: [] });
  assert.deepEqual(place, { name: 'ledger_1.recovery', offset: 8, begins: true });
  const { closed } = writer.append({ ...signatureOf(writer, 2), endsChunk: true });
  assert.equal(closed?.to, 'ledger_1-2.recovery');
  assert.deepEqual(writer.commit(2), [{ from: 'ledger_1-2.recovery', to: 'ledger_1-2.committed.recovery' }]);
});

test('an entry costs the hashes, seals and keyed hashes of its parts, and no key is prepared for it', () => {
  const counts = { sha256: 0, hmac: 0, seal: 0, keys: 0 };
  const digests = {
    sha256: (bytes: Uint8Array) => (counts.sha256++, nodeDigests.sha256(bytes)),
    hmacSha256: (key: Uint8Array) => {
      counts.keys++;
      const hash = nodeDigests.hmacSha256(key);
      return (message: Uint8Array) => (counts.hmac++, hash(message));
    },
    aes256Gcm: (key: Uint8Array) => {
      counts.keys++;
      const gcm = nodeDigests.aes256Gcm(key);
      return { ...gcm, seal: (...args: Parameters<typeof gcm.seal>) => (counts.seal++, gcm.seal(...args)) };
    },
  };
  const writer = new LedgerWriter({ digests, secrets: LedgerSecrets.begin(new LedgerSecret(digests, first)) });
  Object.assign(counts, { sha256: 0, hmac: 0, seal: 0, keys: 0 });
  for (let count = 0; count < 1023; count++) writer.append({ view: 2, writes: writesOf('x') });
  // Evidence, write set and leaf, and one node of the tree for each leaf.
  assert.deepEqual(counts, { sha256: 4 * 1023, hmac: 1023, seal: 1023, keys: 0 });
});

test('a writer goes on where another ended, from its serialised tree', () => {
  const writer = newWriter();
  const files = new LedgerFiles();
  for (let count = 0; count < 5; count++) files.store(writer.append({ view: 2, writes: writesOf('x') }));
  const signed = writer.seqno;
  files.store(writer.append({ ...signatureOf(writer, 2), endsChunk: true }));
  const tree = readSerialisedTree(nodeDigests, serialiseTree(writer.tree, signed));
  const next = new LedgerWriter({ digests: nodeDigests, secrets: writer.secrets, tree });
  files.store(next.append({ view: 4, writes: writesOf('y'), beginsChunk: true }));
  files.store(next.append(signatureOf(next, 4)));
  const { transactions, signatures } = checkLedger(files.list(), () => first);
  assert.deepEqual({ transactions, signatures }, { transactions: 8, signatures: 2 });
  assert.throws(() => next.retract(signed - 1), { code: 'LEDGER_FORGOTTEN' });
});

for (const service of ['acme_containing_service', 'cose_flipflop_service']) {
  vectors.test(
    `the files of ${service} are written again to the same bytes from what its transactions changed`,
    async () => {
      const entries = sampleEntries(service);
      const writer = new LedgerWriter({ digests: nodeDigests, secrets: await sampleSecrets(service, entries) });
      const files = new LedgerFiles();
      for (const entry of entries) {
        const { view, claimsDigest, flags } = entry;
        const endsChunk = (flags & entryFlags.chunkAfter) !== 0;
        const secret = writer.secrets.at(entry.seqno);
        const writes = [...publicWrites(entry), ...privateWrites(entry, secret.key)];
        const claims = claimsDigest === undefined ? {} : { claimsDigest };
        files.store(writer.append({ view, writes, ...claims, isSignature: endsChunk, endsChunk }));
        if (endsChunk) for (const renamed of writer.commit(entry.seqno)) files.rename(renamed);
      }
      assert.deepEqual(
        files.list().map(([name]) => name),
        chunkNames(service),
      );
      for (const [name, bytes] of files.list()) assert.deepEqual(bytes, readSample(service, `ledger/${name}`), name);
    },
  );
}

import assert from 'node:assert/strict';
import { vectors } from '@enclos/testkit';
import { decodeUtf8 } from '@enclos/codec/text';
import { publicWrites } from '../src/index.ts';
import { nodeDigests } from '../src/node/index.ts';
import {
  keysOf,
  readLedger,
  readLedgerCertificate,
  recoverLedgerSecrets,
  verifyLedger,
  type LedgerCertificate,
  type LedgerFile,
} from '../src/proof/index.ts';
import { filesOf, tools } from './little-service.ts';
import { chunkNames, readSample, sampleNames } from './samples.ts';

/** Results that others computed too: see the table of public ledgers in the documentation of the format. */
const expected = {
  acme_containing_service: {
    transactions: 22,
    nodeSignatures: 8,
    coseSignatures: 8,
    messages: 3,
    proposals: 1,
    snapshots: 0,
  },
  cose_flipflop_service: {
    transactions: 46,
    nodeSignatures: 23,
    coseSignatures: 5,
    messages: 6,
    proposals: 3,
    snapshots: 0,
  },
  sgx_service: { transactions: 153, nodeSignatures: 54, coseSignatures: 0, messages: 12, proposals: 4, snapshots: 2 },
} as const;

for (const [name, numbers] of Object.entries(expected)) {
  vectors.test(
    `the public ledger ${name} holds, with every signature, message, snapshot and private part`,
    async () => {
      const snapshots = sampleNames(name, 'snapshots').filter((file) => file.endsWith('.committed'));
      const files = filesOf(
        chunkNames(name).map((file) => ({ name: file, bytes: readSample(name, `ledger/${file}`) })),
      );
      const members = sampleNames(name, 'common')
        .filter((file) => file.endsWith('_enc_privk.pem'))
        .map((file) => decodeUtf8(readSample(name, `common/${file}`)));
      const secrets = await recoverLedgerSecrets(files, { members }, nodeDigests);
      let privateMaps = 0;
      const report = await verifyLedger(
        files,
        {
          keys: keysOf(secrets),
          onTransaction: (_, writes) => {
            privateMaps += writes?.length === 0 ? 0 : 1;
          },
          services: [readLedgerCertificate(decodeUtf8(readSample(name, 'common/service_cert.pem')))],
          snapshots: snapshots.map((file) => ({ name: file, bytes: readSample(name, `snapshots/${file}`) })),
        },
        tools,
      );
      assert.deepEqual(report.problems, []);
      assert.deepEqual(report.notes, []);
      assert.equal(report.holds, true);
      assert.equal(report.trusted, true);
      assert.deepEqual(
        {
          transactions: report.transactions,
          nodeSignatures: report.nodeSignatures,
          coseSignatures: report.coseSignatures,
          messages: report.governanceMessages,
          proposals: report.proposals,
          snapshots: report.snapshots.filter(({ proven, evidenceSeen }) => proven && evidenceSeen).length,
        },
        numbers,
      );
      assert.equal(report.decrypted, numbers.transactions);
      assert.equal(privateMaps, name === 'cose_flipflop_service' ? 13 : 0);
      assert.equal(report.identities.length, name === 'sgx_service' ? 4 : 1);
    },
  );
}

/** What the ledger says itself about its service, one after each recovery. */
async function certificatesIn(files: readonly LedgerFile[]): Promise<readonly LedgerCertificate[]> {
  const found = new Set<string>();
  for await (const { entry } of readLedger(files)) {
    for (const { writes } of publicWrites(entry, new Set(['public:ccf.gov.service.info']))) {
      for (const [, value] of writes) found.add((JSON.parse(decodeUtf8(value)) as { cert: string }).cert);
    }
  }
  return [...found].map(readLedgerCertificate);
}

vectors.test('every part of a ledger with recoveries holds with the certificates of its time', async () => {
  const name = 'sgx_service';
  const files = filesOf(chunkNames(name).map((file) => ({ name: file, bytes: readSample(name, `ledger/${file}`) })));
  const services = await certificatesIn(files);
  assert.equal(services.length, 4);
  for (const [index] of files.entries()) {
    const report = await verifyLedger(files.slice(index), { part: true, services }, tools);
    assert.deepEqual(report.problems, []);
    assert.equal(report.trusted, true);
  }
  // This part begins before the last recovery, and tells nothing of the service at its begin.
  const from = files.findIndex((file) => file.name === 'ledger_100-101.committed');
  const { problems } = await verifyLedger(files.slice(from), { part: true, services: services.slice(-1) }, tools);
  assert.deepEqual(
    problems.map(({ rule, transactionId }) => [rule, transactionId?.seqno]),
    [['node', 101]],
  );
  assert.match(problems[0]?.message ?? '', /Before a recovery it has another certificate/);
});

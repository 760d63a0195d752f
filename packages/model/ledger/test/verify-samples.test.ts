import assert from 'node:assert/strict';
import { vectors } from '@enclos/testkit';
import { decodeUtf8 } from '@enclos/codec/text';
import { nodeDigests } from '../src/node/index.ts';
import { keysOf, readLedgerCertificate, recoverLedgerSecrets, verifyLedger } from '../src/proof/index.ts';
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

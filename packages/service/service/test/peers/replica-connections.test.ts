import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  attestedConnect,
  createAttestedServer,
  createClientIdentity,
  quoteAppraiser,
  type EvidenceSource,
} from '@enclos/atls';
import { isEnclosError } from '@enclos/errors';
import { keyRing, scenario, type SgxReportBody } from '@enclos/evidence-kit';
import { duplexPair } from '@enclos/testkit';
import { replicaPolicy, type ReplicaRule } from '../../src/peers/index.ts';
import { now, platformOf } from '../replicas.ts';

const foreignKeys = keyRing('a foreign vendor of platforms');
const zeros = new Uint8Array(32);

interface Changes {
  readonly report?: Partial<SgxReportBody>;
  readonly isForeign?: boolean;
}

function evidenceOf({ report = {}, isForeign = false }: Changes): EvidenceSource {
  return async (reportData) => {
    const made = scenario({ report: { ...report, reportData }, ...(isForeign ? { keys: foreignKeys } : {}) });
    return { quote: made.quote, endorsements: JSON.stringify(made.collateral) };
  };
}

/** Whom a replica with this evidence connects to, each appraising the other as the rule says. @returns codes of both sides */
async function connected(
  rule: ReplicaRule,
  { asClient = {}, asServer = {} }: { asClient?: Changes; asServer?: Changes },
) {
  const { roots, own } = await platformOf();
  const appraise = quoteAppraiser({ roots, policy: replicaPolicy(own, rule), now: () => now });
  const server = await createAttestedServer({
    name: 'replica.test',
    evidence: evidenceOf(asServer),
    clients: { appraise },
    now: () => now,
  });
  const identity = await createClientIdentity({ name: 'replica.test', evidence: evidenceOf(asClient), now: () => now });
  const [here, there] = duplexPair();
  const accepted = server.accept(there).then(({ evidence, mode, socket }) => {
    socket.end('hello');
    return evidence === undefined ? 'no evidence' : mode;
  }, codeOf);
  const client = await attestedConnect({ stream: here, appraise, identity, now: () => now }).then(
    async ({ socket, mode }) => {
      await once(socket, 'data');
      socket.destroy();
      return mode;
    },
    codeOf,
  );
  return [client, await accepted] as const;
}

const codeOf = (error: unknown): string =>
  isEnclosError(error) ? `${error.code} ${String(error.details['field'] ?? '')}`.trim() : String(error);

const anotherImage: Changes = { report: { mrEnclave: zeros } };

test('two replicas of one image connect, and each has fresh evidence of the other', async () => {
  assert.deepEqual(await connected({ by: 'enclave' }, {}), ['fresh', 'fresh']);
});

test('another image of the signer is a replica by signer alone', async () => {
  assert.deepEqual(await connected({ by: 'signer' }, { asServer: anotherImage }), ['fresh', 'fresh']);
  const [client] = await connected({ by: 'enclave' }, { asServer: anotherImage });
  assert.equal(client, 'APPRAISAL_REFUSED mrEnclave');
  const [, server] = await connected({ by: 'enclave' }, { asClient: anotherImage });
  assert.equal(server, 'APPRAISAL_REFUSED mrEnclave');
});

for (const [what, changes, field] of [
  ['another signer', { report: { ...anotherImage.report, mrSigner: zeros } }, 'mrSigner'],
  ['another product', { report: { ...anotherImage.report, isvProdId: 999 } }, 'productId'],
  ['an older version', { report: { ...anotherImage.report, isvSvn: 0 } }, 'minimumSecurityVersion'],
] as const) {
  test(`${what} is refused on both sides`, async () => {
    const [client] = await connected({ by: 'signer', minimumSecurityVersion: 1 }, { asServer: changes });
    const [, server] = await connected({ by: 'signer', minimumSecurityVersion: 1 }, { asClient: changes });
    assert.deepEqual([client, server], [`APPRAISAL_REFUSED ${field}`, `APPRAISAL_REFUSED ${field}`]);
  });
}

test('evidence under a foreign root is refused on both sides, whatever it says', async () => {
  const foreign: Changes = { isForeign: true };
  for (const rule of [{ by: 'enclave' }, { by: 'signer' }] as const) {
    // eslint-disable-next-line no-await-in-loop
    const [client] = await connected(rule, { asServer: foreign });
    // eslint-disable-next-line no-await-in-loop
    const [, server] = await connected(rule, { asClient: foreign });
    assert.deepEqual([client, server], ['EVIDENCE_REFUSED', 'EVIDENCE_REFUSED']);
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { softwareRoot, type SgxPolicy } from '@enclos/attestation';
import { peerEvidence, scenario, type ScenarioChanges } from '@enclos/evidence-kit';
import { parseQuote } from '@enclos/sgx';
import { attestedFetch } from '../src/fetch.ts';
import {
  attestedConnect,
  createAttestedServer,
  policyAppraiser,
  rootInCollateral,
  type PolicyAppraiserOptions,
} from '../src/index.ts';
import { startServer, type Address } from './scene.ts';

const good = scenario();
const { at } = good;
const root = await softwareRoot(good.root.certificate);
const { body } = parseQuote(good.quote);
if (body.type !== 'sgx') throw new Error('The kit makes quotes of enclaves.');
const mrEnclave = Buffer.from(body.report.mrEnclave).toString('hex');
const policy: SgxPolicy = {
  mrEnclave: [mrEnclave],
  minimumSecurityVersion: 0,
  acceptedStatuses: ['OK'],
  intelRoot: false,
  softwareRoots: [root.fingerprint],
};

/** A server on a platform of the kit, which sends its collateral along, unless `sends` is something else. */
async function startPlatform(changes: ScenarioChanges = {}, sends?: string): Promise<Address> {
  const server = await createAttestedServer({ name: 'kit.test', evidence: peerEvidence(changes, sends) });
  return startServer((socket) => {
    void server.accept(socket).then(
      ({ socket: peer }) => {
        peer.once('data', () => void peer.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret'));
      },
      () => undefined,
    );
  });
}

async function tryTo(address: Address, options: PolicyAppraiserOptions): Promise<string> {
  const { socket, evidence } = await attestedConnect({
    ...address,
    appraise: policyAppraiser({ now: () => at, ...options }),
  });
  socket.destroy();
  return `${evidence.tee} ${evidence.status} ${evidence.root.kind}`;
}

describe('a policy alone', () => {
  test('accepts a server that sends its collateral, by an object, by its text and by a measurement', async () => {
    const address = await startPlatform();
    const accepted = 'sgx OK software';
    assert.equal(await tryTo(address, { policy }), accepted);
    assert.equal(await tryTo(address, { policy: JSON.stringify(policy) }), accepted);
    assert.equal(await tryTo(address, { mrEnclave, softwareRoot: root.fingerprint }), accepted);
    const silent = await startPlatform({}, '');
    assert.equal(await tryTo(silent, { policy, collateral: () => good.collateral }), accepted);
  });

  test('refuses software whose root it does not name, whatever else fits, and whatever the collateral says', async () => {
    const address = await startPlatform();
    const other = { ...policy, softwareRoots: ['00'.repeat(32)] };
    const { softwareRoots: _, ...hardware } = { ...policy, intelRoot: true };
    await assert.rejects(tryTo(address, { policy: other }), { code: 'ATLS_ROOT_NOT_NAMED' });
    for (const options of [{ policy: hardware }, { mrEnclave }] as const) {
      await assert.rejects(tryTo(address, options), { code: 'EVIDENCE_REFUSED' });
    }
  });

  test('refuses another enclave, a debug enclave, collateral that is over and a platform that is out of date', async () => {
    const address = await startPlatform();
    const refused = { code: 'APPRAISAL_REFUSED' };
    await assert.rejects(tryTo(address, { policy: { ...policy, mrEnclave: ['00'.repeat(32)] } }), refused);
    await assert.rejects(tryTo(address, { mrEnclave: '00'.repeat(32), softwareRoot: root.fingerprint }), refused);
    const debug = await startPlatform({ report: { attributes: { flags: 0x7n, xfrm: 3n } } });
    await assert.rejects(tryTo(debug, { policy }), refused);
    const later = new Date(at.getTime() + 400 * 86_400_000);
    await assert.rejects(tryTo(address, { policy, now: () => later }), refused);
    const old = await startPlatform({ platform: 'earliest' });
    await assert.rejects(tryTo(old, { policy }), refused);
  });

  test('refuses a server that does not send collateral, or sends something else', async () => {
    await assert.rejects(tryTo(await startPlatform({}, ''), { policy }), {
      code: 'ATLS_COLLATERAL_MISSING',
      message: 'The peer sent no collateral with its evidence, and this side has no other source of it.',
    });
    await assert.rejects(tryTo(await startPlatform({}, '{'), { policy }), { code: 'ENDORSEMENTS_INVALID' });
    await assert.rejects(tryTo(await startPlatform({}, '{}'), { policy }), { code: 'ENDORSEMENTS_INVALID' });
  });

  test('that is incomplete, misspelt or for other evidence is refused when it is given, not when it is used', () => {
    assert.throws(() => policyAppraiser({ policy: '{' }), /JSON/);
    assert.throws(() => policyAppraiser({ policy: { ...policy, mrEnclaves: [] } as unknown as SgxPolicy }), {
      code: 'APPRAISAL_REFUSED',
    });
    assert.throws(() => policyAppraiser({ mrEnclave: 'ab' }), { code: 'APPRAISAL_REFUSED' });
    assert.throws(() => policyAppraiser({} as unknown as PolicyAppraiserOptions), { code: 'APPRAISAL_REFUSED' });
  });

  test('is all that attestedFetch takes, which sends nothing to what it refuses', async () => {
    const address = await startPlatform();
    const url = `https://localhost:${address.port}/`;
    const fetch = attestedFetch({ policy, now: () => at });
    assert.equal(await (await fetch(url)).text(), 'secret');
    await fetch.close();
    const picky = attestedFetch({ mrEnclave, now: () => at });
    await assert.rejects(picky(url), { code: 'EVIDENCE_REFUSED' });
    await picky.close();
  });
});

test('a root is found by its fingerprint in whichever chain has it, and nothing else is', async () => {
  const { collateral } = good;
  const found = await rootInCollateral(root.fingerprint.toUpperCase(), collateral);
  assert.deepEqual(found, root);
  assert.deepEqual(await rootInCollateral(root.fingerprint, JSON.stringify(collateral)), root);
  for (const field of ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain'] as const) {
    assert.deepEqual(await rootInCollateral(root.fingerprint, { [field]: collateral[field] }), root);
  }
  assert.equal(await rootInCollateral('00'.repeat(32), collateral), undefined);
  for (const none of [{}, null, 5, [], { tcb_info_issuer_chain: 5 }]) {
    assert.equal(await rootInCollateral(root.fingerprint, none), undefined);
  }
});

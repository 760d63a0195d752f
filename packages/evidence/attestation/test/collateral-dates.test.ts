import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenario, type ScenarioChanges } from '@enclos/evidence-kit';
import { parseCollateral, softwareRoot, validityOf, verifyQuote, type QuoteVerdict } from '../src/index.ts';
import { makePlatform, now, type Changes } from './synthetic-platform.ts';

async function verdictOf(changes: Changes, at = now): Promise<QuoteVerdict> {
  const { quote, collateral, roots } = await makePlatform(changes);
  return verifyQuote(quote, parseCollateral(collateral), { roots, now: at });
}

const past = new Date('2026-01-14T00:00:00Z');
const future = new Date('2026-01-16T00:00:00Z');

test('current collateral: nothing expired, nothing early, the dates of the documents', async () => {
  const years = { from: '2025-01-01T00:00:00Z', until: '2035-01-01T00:00:00Z' };
  const month = { from: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' };
  const { collateral, pckNotYetValid } = await verdictOf({});
  assert.deepEqual(collateral, {
    earliestIssueDate: '2026-01-01T00:00:00Z',
    latestIssueDate: '2026-01-01T00:00:00Z',
    earliestExpiration: '2026-02-01T00:00:00Z',
    parts: {
      rootCertificate: years,
      intermediateCertificate: years,
      pckCertificate: years,
      tcbSigningCertificate: years,
      qeIdentitySigningCertificate: years,
      rootCrl: month,
      pckCrl: month,
      tcbInfo: month,
      qeIdentity: month,
    },
    expired: [],
    notYetValid: [],
  });
  assert.equal(pckNotYetValid, false);
});

const expiring: readonly (readonly [part: string, changes: Changes])[] = [
  ['rootCertificate', { root: { notAfter: past } }],
  ['intermediateCertificate', { intermediate: { notAfter: past } }],
  ['pckCertificate', { pck: { notAfter: past } }],
  ['tcbSigningCertificate', { signer: { notAfter: past } }],
  ['rootCrl', { rootCrl: { nextUpdate: past } }],
  ['pckCrl', { pckCrl: { nextUpdate: past } }],
  ['tcbInfo', { tcbInfo: (good) => ({ ...good, nextUpdate: '2026-01-14T00:00:00Z' }) }],
  ['qeIdentity', { qeIdentity: (good) => ({ ...good, nextUpdate: '2026-01-14T00:00:00Z' }) }],
];

for (const [part, changes] of expiring) {
  test(`an expired ${part} is reported, and the status is kept`, async () => {
    const { status, collateral } = await verdictOf(changes);
    assert.equal(status, 'CONFIGURATION_NEEDED');
    const expected = part === 'tcbSigningCertificate' ? [part, 'qeIdentitySigningCertificate'] : [part];
    assert.deepEqual(collateral.expired, expected);
    assert.equal(collateral.earliestExpiration, '2026-01-14T00:00:00Z');
  });
}

const early: readonly (readonly [part: string, isPck: boolean, changes: Changes])[] = [
  ['rootCertificate', true, { root: { notBefore: future } }],
  ['intermediateCertificate', true, { intermediate: { notBefore: future } }],
  ['pckCertificate', true, { pck: { notBefore: future } }],
  ['tcbSigningCertificate', false, { signer: { notBefore: future } }],
  ['rootCrl', false, { rootCrl: { thisUpdate: future } }],
  ['pckCrl', false, { pckCrl: { thisUpdate: future } }],
  ['tcbInfo', false, { tcbInfo: (good) => ({ ...good, issueDate: '2026-01-16T00:00:00Z' }) }],
  ['qeIdentity', false, { qeIdentity: (good) => ({ ...good, issueDate: '2026-01-16T00:00:00Z' }) }],
];

for (const [part, isPck, changes] of early) {
  test(`a ${part} of the future is reported`, async () => {
    const { collateral, pckNotYetValid } = await verdictOf(changes);
    const expected = part === 'tcbSigningCertificate' ? [part, 'qeIdentitySigningCertificate'] : [part];
    assert.deepEqual(collateral.notYetValid, expected);
    assert.equal(pckNotYetValid, isPck);
  });
}

test('the first and the last moment count as valid', async () => {
  assert.deepEqual((await verdictOf({}, new Date('2026-02-01T00:00:00Z'))).collateral.expired, []);
  assert.equal((await verdictOf({}, new Date('2026-02-01T00:00:01Z'))).collateral.expired.length, 4);
  assert.deepEqual((await verdictOf({}, new Date('2026-01-01T00:00:00Z'))).collateral.notYetValid, []);
  assert.equal((await verdictOf({ pck: { notBefore: now } })).pckNotYetValid, false);
});

/** Another certificate of the same root, by which the chain of a signer ends. */
const otherRoots: readonly (readonly [which: string, notAfter: Date, notBefore: Date, states: readonly string[]])[] = [
  ['has ended', past, new Date('2025-06-01T00:00:00Z'), ['expired']],
  ['has not begun', new Date('2034-01-01T00:00:00Z'), future, ['not-yet-valid']],
  ['is in force', new Date('2034-01-01T00:00:00Z'), new Date('2025-06-01T00:00:00Z'), []],
];

for (const [which, notAfter, notBefore, states] of otherRoots) {
  test(`a signing chain under another certificate of the root, which ${which}`, async () => {
    const { root } = scenario({ certificates: { root: { notAfter, notBefore } } }).certificates;
    const replace = (good: readonly Uint8Array[]): readonly Uint8Array[] => [...good.slice(0, 1), root];
    const changes: readonly ScenarioChanges[] = [{ tcbInfoChain: replace }, { identityChain: replace }];
    for (const change of changes) {
      const made = scenario(change);
      const roots = [await softwareRoot(made.root.certificate)];
      const verdict = await verifyQuote(made.quote, parseCollateral(made.collateral), { roots, now: made.at });
      const { inForce, outOfForce } = validityOf(verdict);
      assert.deepEqual([inForce, outOfForce.map(({ state }) => state)], [states.length === 0, states]);
      assert.ok(outOfForce.every(({ part }) => part === 'rootCertificate'));
    }
  });
}

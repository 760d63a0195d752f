import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenario, statusScenarios } from '@enclos/evidence-kit';
import { isEnclosError } from '@enclos/errors';
import { parseCollateral, softwareRoot, validityOf, verifyQuote, type QuoteVerdict } from '../src/index.ts';
import { verifySnpReportSync } from '../src/node/verify-sync.ts';
import { makeSnpPlatform, snpRoot } from './snp/synthetic-platform.ts';

async function verdictOf(changes: Parameters<typeof scenario>[0]): Promise<QuoteVerdict> {
  const { quote, collateral, at, root } = scenario(changes);
  return verifyQuote(quote, parseCollateral(collateral), { roots: [await softwareRoot(root.certificate)], now: at });
}

test('each part of a quote’s collateral that is out of force is named, and nothing else', async () => {
  const rows = statusScenarios.filter(({ name }) => name.startsWith('dates: '));
  assert.ok(rows.length > 20);
  for (const { name, changes, expected } of rows) {
    const { inForce, outOfForce, at } = validityOf(await verdictOf(changes));
    const of = (wanted: string): readonly string[] =>
      outOfForce.filter(({ state }) => state === wanted).map(({ part }) => part);
    assert.deepEqual([of('expired'), of('not-yet-valid')], [expected.expired, expected.notYetValid], name);
    assert.equal(inForce, outOfForce.length === 0, name);
    assert.match(at, /^202\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  }
});

test('of an SEV-SNP report certificates and list are named, with their dates', () => {
  const { report, endorsements } = makeSnpPlatform();
  const validityAt = (time: string): ReturnType<typeof validityOf> =>
    validityOf(verifySnpReportSync(report, endorsements, { roots: [snpRoot], now: new Date(time) }));
  assert.deepEqual(validityAt('2026-03-01T00:00:00Z'), { at: '2026-03-01T00:00:00Z', inForce: true, outOfForce: [] });
  assert.deepEqual(validityAt('2026-04-01T00:00:01Z').outOfForce, [
    { part: 'revocationList', state: 'expired', from: '2026-02-01T00:00:00Z', until: '2026-04-01T00:00:00Z' },
  ]);
  const early = validityAt('2020-01-01T00:00:00Z');
  assert.deepEqual([early.inForce, early.outOfForce.length], [false, 4]);
  assert.ok(early.outOfForce.every(({ state }) => state === 'not-yet-valid'));
});

test('only a verdict that a verifier made has a validity', async () => {
  const verdict = await verdictOf({});
  for (const forged of [{ ...verdict }, { ...verdict, tee: 'sev-snp' }, { ...verdict, tee: 'azure-vtpm' }]) {
    assert.throws(
      // A cast is what an untyped caller does.
      () => validityOf(forged as QuoteVerdict),
      (error) => isEnclosError(error, 'VERIFIER_MISUSED'),
    );
  }
});

import assert from 'node:assert/strict';
import { vectors } from '@enclos/testkit';
import { createVerifierCache, INTEL_SGX_ROOT, parseCollateral, verifyQuote, type VerifierCache } from '../src/index.ts';
import { verifyQuoteOnThreads, verifyQuoteSync } from '../src/node.ts';
import { allRows, collateralOf, quoteOf, type MatrixRow } from './intel-vectors.ts';
import { expectation, nameOf, outcome } from './matrix-outcome.ts';

const roots = [INTEL_SGX_ROOT];
const uncached = createVerifierCache({ collateral: 0, pckChains: 0, quotingEnclaves: 0 });

vectors.test('each of the 204 rows of the DCAP matrix gives what Intel’s library gives, asynchronously', async () => {
  const rows = allRows();
  assert.equal(rows.length, 204);
  for (const row of rows) {
    const endorsements = parseCollateral(collateralOf(row));
    const verdict = await verifyQuote(quoteOf(row), endorsements, { roots, now: new Date(row.at) });
    assert.deepEqual(outcome(verdict), expectation(row), nameOf(row));
  }
});

vectors.test('and synchronously, all of it verified anew', () => {
  for (const row of allRows()) requireExpected(row, uncached);
});

vectors.test('and with what is remembered of the rows before', () => {
  const cache = createVerifierCache();
  for (const row of [...allRows(), ...allRows()]) requireExpected(row, cache);
});

vectors.test('and on the threads of node:crypto', async () => {
  for (const row of allRows()) {
    const endorsements = parseCollateral(collateralOf(row));
    const options = { roots, now: new Date(row.at), cache: uncached };
    const verdict = await verifyQuoteOnThreads(quoteOf(row), endorsements, options);
    assert.deepEqual(outcome(verdict), expectation(row), nameOf(row));
  }
});

function requireExpected(row: MatrixRow, cache: VerifierCache): void {
  const endorsements = parseCollateral(collateralOf(row), { cache });
  const verdict = verifyQuoteSync(quoteOf(row), endorsements, { roots, now: new Date(row.at), cache });
  assert.deepEqual(outcome(verdict), expectation(row), nameOf(row));
}

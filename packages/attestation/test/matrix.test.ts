import assert from 'node:assert/strict';
import { vectors } from '@enclos/testkit';
import { INTEL_SGX_ROOT, parseCollateral, verificationSteps, verifyQuote } from '../src/index.ts';
import { platformStatuses } from '../src/tcb-status.ts';
import { collateralOf, quoteOf, sgxRows, type MatrixRow } from './intel-vectors.ts';

const roots = [INTEL_SGX_ROOT];
const statusByName: Readonly<Record<string, string>> = platformStatuses;

/** What a row expects, in our words; the dates are the window in which nothing is expired. */
function expectation(row: MatrixRow): unknown {
  return {
    status: row.expect,
    platformStatus: statusByName[row.levelStatus],
    qeStatus: row.qeStatus,
    advisoryIds: row.advisoryIds,
    tcbDate: row.tcbDate,
    pckNotYetValid: row.pckNotYetValid ?? false,
    debug: row.sgxDebug,
    latestIssueDate: row.windowFrom.replace('.000Z', 'Z'),
    earliestExpiration: row.windowTo.replace('.000Z', 'Z'),
    expired: [],
  };
}

async function outcome(row: MatrixRow): Promise<unknown> {
  const verdict = await verifyQuote(quoteOf(row), parseCollateral(collateralOf(row)), { roots, now: new Date(row.at) });
  assert.deepEqual(verdict.steps, verificationSteps);
  assert.equal(verdict.root.kind, 'intel');
  const { latestIssueDate, earliestExpiration, expired } = verdict.collateral;
  const { status, platformStatus, qeStatus, advisoryIds, tcbDate, pckNotYetValid, report } = verdict;
  assert.ok('attributes' in report);
  const debug = (report.attributes.flags & 2n) !== 0n;
  return {
    status,
    platformStatus,
    qeStatus,
    advisoryIds,
    tcbDate,
    pckNotYetValid,
    debug,
    latestIssueDate,
    earliestExpiration,
    expired,
  };
}

vectors.test('each of the 77 SGX rows of the DCAP matrix gives what Intel’s library gives', async () => {
  const rows = sgxRows();
  assert.equal(rows.length, 77);
  for (const row of rows) {
    assert.deepEqual(await outcome(row), expectation(row), `${row.quote} with ${row.tcbInfo} at ${row.at}`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCollateral, verifyQuote, type QuoteVerdict } from '../src/index.ts';
import { converge } from '../src/dcap/tcb/tcb-evaluation.ts';
import type { EnclaveStatus, QuoteStatus } from '../src/dcap/tcb/tcb-status.ts';
import { goodTcbInfo, makePlatform, now, qeLevel, tcbLevel, type Changes } from './synthetic-platform.ts';

async function verdictOf(changes: Changes): Promise<QuoteVerdict> {
  const { quote, collateral, roots } = await makePlatform(changes);
  return verifyQuote(quote, parseCollateral(collateral), { roots, now });
}

const convergence: readonly (readonly [platform: QuoteStatus, enclave: EnclaveStatus, result: QuoteStatus])[] = [
  ['OK', 'OK', 'OK'],
  ['OK', 'OUT_OF_DATE', 'OUT_OF_DATE'],
  ['SW_HARDENING_NEEDED', 'OUT_OF_DATE', 'OUT_OF_DATE'],
  ['CONFIGURATION_NEEDED', 'OUT_OF_DATE', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['CONFIGURATION_AND_SW_HARDENING_NEEDED', 'OUT_OF_DATE', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['OUT_OF_DATE', 'OUT_OF_DATE', 'OUT_OF_DATE'],
  ['OUT_OF_DATE_CONFIGURATION_NEEDED', 'OUT_OF_DATE', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['REVOKED', 'OUT_OF_DATE', 'REVOKED'],
  ['REVOKED', 'OK', 'REVOKED'],
  ['SW_HARDENING_NEEDED', 'OK', 'SW_HARDENING_NEEDED'],
  ['OK', 'REVOKED', 'REVOKED'],
  ['OUT_OF_DATE', 'REVOKED', 'REVOKED'],
];

for (const [platform, enclave, result] of convergence) {
  test(`platform ${platform} and quoting enclave ${enclave} converge to ${result}`, () => {
    assert.equal(converge(platform, enclave), result);
  });
}

const statuses: readonly (readonly [tcbStatus: string, status: QuoteStatus, withOldQe: QuoteStatus])[] = [
  ['UpToDate', 'OK', 'OUT_OF_DATE'],
  ['SWHardeningNeeded', 'SW_HARDENING_NEEDED', 'OUT_OF_DATE'],
  ['ConfigurationNeeded', 'CONFIGURATION_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['ConfigurationAndSWHardeningNeeded', 'CONFIGURATION_AND_SW_HARDENING_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['OutOfDate', 'OUT_OF_DATE', 'OUT_OF_DATE'],
  ['OutOfDateConfigurationNeeded', 'OUT_OF_DATE_CONFIGURATION_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['Revoked', 'REVOKED', 'REVOKED'],
];

for (const [tcbStatus, status, withOldQe] of statuses) {
  test(`a quote of a platform that is ${tcbStatus}`, async () => {
    const tcbInfo: Changes['tcbInfo'] = (good) => ({ ...good, tcbLevels: [tcbLevel(2, tcbStatus)] });
    assert.equal((await verdictOf({ tcbInfo })).status, status);
    assert.equal((await verdictOf({ tcbInfo, svns: { qe: 2 } })).status, withOldQe);
    assert.equal((await verdictOf({ tcbInfo, svns: { qe: 1 } })).status, 'REVOKED');
  });
}

test('a verdict merges advisories, takes the older date and says what is short', async () => {
  const verdict = await verdictOf({ svns: { component: 1, pce: 3, qe: 2 } });
  assert.equal(verdict.status, 'OUT_OF_DATE');
  assert.equal(verdict.platformStatus, 'OUT_OF_DATE');
  assert.equal(verdict.qeStatus, 'OUT_OF_DATE');
  assert.deepEqual(verdict.advisoryIds, ['A', 'B', 'C']);
  assert.equal(verdict.tcbDate, '2021-01-01T00:00:00Z');
  assert.deepEqual(verdict.tcbEvaluationDataNumbers, { tcbInfo: 17, qeIdentity: 18 });
  assert.equal(verdict.shortfall.length, 17);
  assert.deepEqual(verdict.shortfall[3], {
    component: 'sgx',
    index: 3,
    has: 1,
    needs: 3,
    category: 'BIOS',
    type: 'Microcode',
  });
  assert.deepEqual(verdict.shortfall.at(-1), { component: 'qe', index: 0, has: 2, needs: 3 });
});

test('a low PCE alone lowers the level, and is named', async () => {
  const verdict = await verdictOf({ svns: { component: 3, pce: 2 } });
  assert.equal(verdict.status, 'CONFIGURATION_NEEDED');
  assert.deepEqual(verdict.shortfall, [{ component: 'pce', index: 0, has: 2, needs: 3 }]);
});

test('the platform at the highest level has no shortfall', async () => {
  const verdict = await verdictOf({ svns: { component: 255, pce: 65_535, qe: 65_535 } });
  assert.equal(verdict.status, 'OK');
  assert.deepEqual(verdict.shortfall, []);
  assert.deepEqual(verdict.advisoryIds, []);
});

test('a platform or a quoting enclave below every level is a verdict, not a loss of one', async () => {
  const low = await verdictOf({ svns: { component: 0 } });
  assert.deepEqual([low.status, low.platformStatus, low.qeStatus], ['TCB_NOT_SUPPORTED', 'TCB_NOT_SUPPORTED', 'OK']);
  assert.equal(low.tcbDate, undefined);
  assert.equal(low.shortfall.length, 16 + 1);
  const lowQe = await verdictOf({ svns: { qe: 0 } });
  assert.deepEqual(
    [lowQe.status, lowQe.platformStatus, lowQe.qeStatus],
    ['TCB_NOT_SUPPORTED', 'CONFIGURATION_NEEDED', 'TCB_NOT_SUPPORTED'],
  );
});

test('the order of the levels in the JSON does not matter', async () => {
  const reversed = await verdictOf({
    tcbInfo: (good) => ({
      ...good,
      tcbLevels: [tcbLevel(1, 'OutOfDate'), tcbLevel(2, 'UpToDate'), tcbLevel(3, 'Revoked')],
    }),
    qeIdentity: (good) => ({
      ...good,
      tcbLevels: [qeLevel(1, 'Revoked'), qeLevel(2, 'OutOfDate'), qeLevel(3, 'UpToDate')],
    }),
  });
  assert.equal(reversed.status, 'OK');
});

test('TCB info of version 2 evaluates alike', async () => {
  const level = (svn: number, tcbStatus: string): Record<string, unknown> => ({
    tcb: Object.fromEntries([
      ...Array.from({ length: 16 }, (_, index) => [`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, svn]),
      ['pcesvn', svn],
    ]),
    tcbDate: '2024-01-01T00:00:00Z',
    tcbStatus,
  });
  const { id: _, ...fields } = goodTcbInfo;
  const tcbInfo = { ...fields, version: 2, tcbLevels: [level(3, 'UpToDate'), level(2, 'SWHardeningNeeded')] };
  const verdict = await verdictOf({ tcbInfo: () => tcbInfo });
  assert.equal(verdict.status, 'SW_HARDENING_NEEDED');
  assert.deepEqual(verdict.shortfall[0], { component: 'sgx', index: 0, has: 2, needs: 3 });
});

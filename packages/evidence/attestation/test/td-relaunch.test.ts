import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCollateral, type TdxVerdict } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { relaunchAdvice } from '../src/dcap/tcb/td-evaluation.ts';
import type { QuoteStatus } from '../src/dcap/tcb/tcb-status.ts';
import { makePlatform, now, type Changes } from './synthetic-platform.ts';
import { moduleIdentity, moduleLevel, tdBody, tdChanges, tdxLevel, teeTcbSvn } from './synthetic-td.ts';

const good = ['OK', 'SW_HARDENING_NEEDED', 'CONFIGURATION_NEEDED', 'CONFIGURATION_AND_SW_HARDENING_NEEDED'] as const;
const old = ['OUT_OF_DATE', 'OUT_OF_DATE_CONFIGURATION_NEEDED'] as const;

for (const launch of old) {
  for (const current of good) {
    const isConfiguration = `${launch} ${current}`.includes('CONFIGURATION');
    const advice = isConfiguration ? 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED' : 'TD_RELAUNCH_ADVISED';
    test(`launched ${launch} and now ${current}: ${advice}`, () => {
      assert.equal(relaunchAdvice(launch, current), advice);
    });
  }
}

test('without an old launch and a good present the launch decides; without a level there is none', () => {
  const all: readonly QuoteStatus[] = [...good, ...old, 'REVOKED'];
  for (const launch of all) {
    for (const current of all) {
      if (!(old.includes(launch as 'OUT_OF_DATE') && good.includes(current as 'OK'))) {
        assert.equal(relaunchAdvice(launch, current), launch);
      }
    }
    assert.equal(relaunchAdvice(launch, 'TCB_NOT_SUPPORTED'), 'TCB_NOT_SUPPORTED');
    assert.equal(relaunchAdvice('TCB_NOT_SUPPORTED', launch), 'TCB_NOT_SUPPORTED');
  }
});

async function verdictOf(launch: Uint8Array, current: Uint8Array, tcbInfo?: Changes['tcbInfo']): Promise<TdxVerdict> {
  const body = tdBody('td-1.5', { teeTcbSvn: launch, teeTcbSvn2: current });
  const { quote, collateral, roots } = await makePlatform(tdChanges(body, tcbInfo === undefined ? {} : { tcbInfo }));
  const verdict = verifyQuoteSync(quote, parseCollateral(collateral), { roots, now });
  assert.ok(verdict.tee === 'tdx');
  return verdict;
}

test('a module that was updated below a TD: a relaunch is advised, and both evaluations are there', async () => {
  const verdict = await verdictOf(teeTcbSvn(2), teeTcbSvn(3));
  assert.equal(verdict.status, 'TD_RELAUNCH_ADVISED');
  assert.deepEqual([verdict.launch?.status, verdict.current?.status], ['OUT_OF_DATE', 'OK']);
  assert.equal(verdict.moduleStatus, 'OUT_OF_DATE');
  assert.deepEqual(verdict.advisoryIds, ['M']);
  assert.deepEqual(verdict.current?.advisoryIds, []);
  assert.deepEqual([verdict.tcbDate, verdict.current?.tcbDate], ['2022-03-01T00:00:00Z', '2023-03-01T00:00:00Z']);
  assert.deepEqual(verdict.shortfall, [{ component: 'tdx-module', index: 0, has: 2, needs: 3 }]);
  assert.deepEqual(verdict.current?.shortfall, []);
});

test('with configuration missing as well, the status says both', async () => {
  const verdict = await verdictOf(teeTcbSvn(2), teeTcbSvn(3), (info) => ({
    ...info,
    tcbLevels: [tdxLevel(5, 'ConfigurationNeeded')],
  }));
  assert.equal(verdict.status, 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED');
  assert.equal(verdict.launch?.status, 'OUT_OF_DATE_CONFIGURATION_NEEDED');
});

test('a SEAM loader that is still old is no matter of a relaunch', async () => {
  assert.equal((await verdictOf(teeTcbSvn(3, 1, 4), teeTcbSvn(3, 1, 4))).status, 'OUT_OF_DATE');
});

test('a module of now that has no level, or no identity, is not supported', async () => {
  for (const current of [teeTcbSvn(0), teeTcbSvn(3, 2)]) {
    const verdict = await verdictOf(teeTcbSvn(3), current);
    assert.equal(verdict.status, 'TCB_NOT_SUPPORTED');
    assert.deepEqual([verdict.launch?.status, verdict.current?.moduleStatus], ['OK', 'TCB_NOT_SUPPORTED']);
  }
});

test('a module of now without an identity lacks nothing that an update could raise', async () => {
  const verdict = await verdictOf(teeTcbSvn(3), teeTcbSvn(0, 2));
  assert.deepEqual(verdict.current?.shortfall, []);
});

test('each of the two is judged by the identity of its own module version', async () => {
  const tcbInfo: Changes['tcbInfo'] = (info) => ({
    ...info,
    tdxModuleIdentities: [
      moduleIdentity('TDX_01', [moduleLevel(9, 'UpToDate'), moduleLevel(1, 'OutOfDate')]),
      moduleIdentity('TDX_02', [moduleLevel(1, 'UpToDate')]),
    ],
  });
  assert.equal((await verdictOf(teeTcbSvn(4, 1), teeTcbSvn(1, 2), tcbInfo)).status, 'TD_RELAUNCH_ADVISED');
});

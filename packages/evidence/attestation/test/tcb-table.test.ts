import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCollateral } from '../src/index.ts';
import { verifyQuoteSync } from '../src/node.ts';
import { makePlatform, now, qeLevel } from './synthetic-platform.ts';
import { moduleIdentity, moduleLevel, tdBody, tdChanges, tdxLevel, teeTcbSvn } from './synthetic-td.ts';

// The table of QVL's QuoteVerifierTcbStatusUT: what platform, TDX module and quoting enclave amount to, for a TD 1.0
// and for both TCBs of a TD 1.5. The rules are written down here a second time, as tables.

const levels = ['UpToDate', 'OutOfDate', 'Revoked'] as const;
type Level = (typeof levels)[number];
const names = { UpToDate: 'OK', OutOfDate: 'OUT_OF_DATE', Revoked: 'REVOKED' } as const;

/** Platform status: alone, and with something of it out of date. */
const platforms = {
  UpToDate: ['OK', 'OUT_OF_DATE'],
  SWHardeningNeeded: ['SW_HARDENING_NEEDED', 'OUT_OF_DATE'],
  ConfigurationNeeded: ['CONFIGURATION_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ConfigurationAndSWHardeningNeeded: ['CONFIGURATION_AND_SW_HARDENING_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  OutOfDate: ['OUT_OF_DATE', 'OUT_OF_DATE'],
  OutOfDateConfigurationNeeded: ['OUT_OF_DATE_CONFIGURATION_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  Revoked: ['REVOKED', 'REVOKED'],
} as const;
type Platform = keyof typeof platforms;

/** Launch and present: when they differ, only a relaunch can be missing. */
const relaunch: Readonly<Record<string, string>> = {
  'OUT_OF_DATE OK': 'TD_RELAUNCH_ADVISED',
  'OUT_OF_DATE SW_HARDENING_NEEDED': 'TD_RELAUNCH_ADVISED',
  'OUT_OF_DATE_CONFIGURATION_NEEDED CONFIGURATION_NEEDED': 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
  'OUT_OF_DATE_CONFIGURATION_NEEDED CONFIGURATION_AND_SW_HARDENING_NEEDED': 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
};

function expected(platform: Platform, enclaves: readonly Level[]): string {
  const [alone, outdated] = platforms[platform];
  if (enclaves.includes('Revoked')) return 'REVOKED';
  return enclaves.includes('OutOfDate') ? outdated : alone;
}

const svnOf: Readonly<Record<Level, number>> = { UpToDate: 3, OutOfDate: 2, Revoked: 1 };
const tdxModuleIdentities = [
  moduleIdentity(
    'TDX_01',
    levels.map((level) => moduleLevel(svnOf[level], level)),
  ),
];

for (const platform of Object.keys(platforms) as Platform[]) {
  test(`a platform that is ${platform}, with every module and quoting enclave, at launch and now`, async () => {
    for (const qe of levels) {
      for (const launch of levels) {
        for (const current of levels) {
          const body = tdBody('td-1.5', { teeTcbSvn: teeTcbSvn(svnOf[launch]), teeTcbSvn2: teeTcbSvn(svnOf[current]) });
          const changes = tdChanges(body, {
            tcbInfo: (good) => ({ ...good, tdxModuleIdentities, tcbLevels: [tdxLevel(5, platform)] }),
            qeIdentity: (good) => ({ ...good, tcbLevels: [qeLevel(1, qe)] }),
          });
          const { quote, collateral, roots } = await makePlatform(changes);
          const verdict = verifyQuoteSync(quote, parseCollateral(collateral), { roots, now });
          assert.ok(verdict.tee === 'tdx');
          const [first, second] = [expected(platform, [launch, qe]), expected(platform, [current, qe])];
          const what = `QE ${qe}, module ${launch} at launch, ${current} now`;
          assert.deepEqual(
            [verdict.platformStatus, verdict.moduleStatus, verdict.qeStatus],
            [platforms[platform][0], names[launch], names[qe]],
            what,
          );
          assert.deepEqual([verdict.launch?.status, verdict.current?.status], [first, second], what);
          assert.equal(verdict.status, relaunch[`${first} ${second}`] ?? first, what);
        }
      }
    }
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  convergenceTable,
  evaluateScenario,
  expectedVerdict,
  qvlName,
  refusalScenarios,
  scenario,
  statusScenarios,
  type ComponentTcbStatus,
  type ExpectedVerdict,
  type PlatformTcbStatus,
  type Position,
} from '../src/index.ts';

function undated(verdict: ExpectedVerdict): Readonly<Record<string, unknown>> {
  const { expired: _, notYetValid: __, expiration: ___, ...rest } = verdict;
  return rest;
}

function count<T>(rows: readonly T[], nameOf: (row: T) => string): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1);
  return Object.fromEntries(counts);
}

test('no two rows have one name', () => {
  const names = [...statusScenarios, ...refusalScenarios].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

test('what was written by hand is what the oracle computes from the signed texts', () => {
  let compared = 0;
  for (const { name, changes, expected } of statusScenarios) {
    const made = scenario(changes);
    // The oracle reads version 3 only.
    if (!/"version":\s*3/.test(made.collateral.tcb_info)) continue;
    assert.deepEqual(undated(evaluateScenario(made)), undated(expected), name);
    compared += 1;
  }
  assert.ok(compared > 250, `${compared} rows`);
});

test('the status table has every status, and most of them in every kind of quote', () => {
  const statuses = count(statusScenarios, ({ expected }) => expected.status);
  assert.deepEqual(Object.keys(statuses).sort(), [
    'CONFIGURATION_AND_SW_HARDENING_NEEDED',
    'CONFIGURATION_NEEDED',
    'OK',
    'OUT_OF_DATE',
    'OUT_OF_DATE_CONFIGURATION_NEEDED',
    'REVOKED',
    'SW_HARDENING_NEEDED',
    'TCB_NOT_SUPPORTED',
    'TD_RELAUNCH_ADVISED',
    'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
  ]);
  const kinds = count(statusScenarios, ({ changes }) => changes.kind ?? 'sgx-v3');
  for (const [kind, rows] of Object.entries(kinds)) assert.ok(rows >= 25, `${kind} has ${rows} rows`);
  assert.equal(Object.keys(kinds).length, 7);
});

test('each thing that has dates is over in one row and has not begun in another', () => {
  for (const field of ['expired', 'notYetValid'] as const) {
    const single = statusScenarios.filter(({ expected }) => expected[field].length === 1);
    assert.equal(new Set(single.map(({ expected }) => expected[field][0])).size, 9);
  }
});

test('the refusals use each status that a verifier of quotes can give', () => {
  const statuses = Object.keys(count(refusalScenarios, ({ status }) => status));
  assert.equal(statuses.length, 36);
  const groups = count(refusalScenarios, ({ group }) => group);
  assert.deepEqual(Object.keys(groups).sort(), ['pck-chain', 'qe-identity', 'quote', 'tcb-info']);
});

test('the oracle finds genuine-looking TCBs in refused rows too: a refusal is never for a missing level alone', () => {
  for (const { name, changes } of refusalScenarios) {
    if (changes.tcbInfo ?? changes.qeIdentity ?? changes.tcbInfoText ?? changes.qeIdentityText) continue;
    if (changes.platform !== undefined || changes.launch !== undefined) continue;
    assert.equal(expectedVerdict(changes).status, 'OK', name);
  }
});

/**
 * Rows of Intel's own table, QuoteVerifierTcbStatusUT of the QVL: statuses of the
 * latest and the earliest level, of the module, the level of the certificate,
 * TEE_TCB_SVN and TEE_TCB_SVN2, the quoting enclave, and the result.
 */
const intelRows: readonly (readonly [
  platform: readonly [latest: PlatformTcbStatus, earliest: PlatformTcbStatus],
  module: readonly [latest: ComponentTcbStatus, earliest: ComponentTcbStatus],
  certificate: Position,
  svns: readonly [launch: Position, current: Position],
  qe: ComponentTcbStatus,
  status: string,
])[] = [
  [['UpToDate', 'OutOfDate'], ['UpToDate', 'OutOfDate'], 'latest', ['latest', 'latest'], 'UpToDate', 'OK'],
  [['UpToDate', 'Revoked'], ['UpToDate', 'OutOfDate'], 'latest', ['latest', 'latest'], 'UpToDate', 'OK'],
  [['Revoked', 'OutOfDate'], ['UpToDate', 'OutOfDate'], 'latest', ['latest', 'latest'], 'UpToDate', 'REVOKED'],
  [['UpToDate', 'OutOfDate'], ['Revoked', 'OutOfDate'], 'latest', ['latest', 'latest'], 'UpToDate', 'REVOKED'],
  [['UpToDate', 'OutOfDate'], ['UpToDate', 'OutOfDate'], 'latest', ['latest', 'latest'], 'Revoked', 'REVOKED'],
  [
    ['UpToDate', 'OutOfDate'],
    ['UpToDate', 'OutOfDate'],
    'earliest',
    ['earliest', 'earliest'],
    'UpToDate',
    'OUT_OF_DATE',
  ],
  [['UpToDate', 'OutOfDate'], ['UpToDate', 'OutOfDate'], 'earliest', ['latest', 'latest'], 'UpToDate', 'OUT_OF_DATE'],
  [['Revoked', 'OutOfDate'], ['OutOfDate', 'OutOfDate'], 'latest', ['earliest', 'latest'], 'UpToDate', 'OUT_OF_DATE'],
  [['OutOfDate', 'OutOfDate'], ['UpToDate', 'OutOfDate'], 'latest', ['latest', 'latest'], 'UpToDate', 'OUT_OF_DATE'],
  [['UpToDate', 'OutOfDate'], ['UpToDate', 'OutOfDate'], 'latest', ['latest', 'latest'], 'OutOfDate', 'OUT_OF_DATE'],
  [['UpToDate', 'OutOfDate'], ['OutOfDate', 'OutOfDate'], 'latest', ['earliest', 'latest'], 'UpToDate', 'OUT_OF_DATE'],
  [
    ['SWHardeningNeeded', 'OutOfDate'],
    ['UpToDate', 'OutOfDate'],
    'latest',
    ['latest', 'latest'],
    'UpToDate',
    'SW_HARDENING_NEEDED',
  ],
  [
    ['UpToDate', 'SWHardeningNeeded'],
    ['UpToDate', 'OutOfDate'],
    'earliest',
    ['latest', 'latest'],
    'UpToDate',
    'SW_HARDENING_NEEDED',
  ],
  [
    ['ConfigurationAndSWHardeningNeeded', 'OutOfDate'],
    ['UpToDate', 'OutOfDate'],
    'latest',
    ['latest', 'latest'],
    'UpToDate',
    'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  ],
  [
    ['UpToDate', 'ConfigurationAndSWHardeningNeeded'],
    ['UpToDate', 'OutOfDate'],
    'earliest',
    ['latest', 'latest'],
    'UpToDate',
    'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  ],
  [
    ['UpToDate', 'OutOfDate'],
    ['UpToDate', 'OutOfDate'],
    'latest',
    ['earliest', 'latest'],
    'UpToDate',
    'TD_RELAUNCH_ADVISED',
  ],
  [
    ['UpToDate', 'OutOfDateConfigurationNeeded'],
    ['UpToDate', 'OutOfDate'],
    'latest',
    ['earliest', 'latest'],
    'UpToDate',
    'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
  ],
  [
    ['ConfigurationNeeded', 'OutOfDate'],
    ['UpToDate', 'OutOfDate'],
    'latest',
    ['earliest', 'latest'],
    'UpToDate',
    'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
  ],
];

test('the oracle gives what Intel’s table expects', () => {
  for (const row of intelRows) {
    const [platform, module, certificate, [launch, current], qe, status] = row;
    const verdict = expectedVerdict({
      kind: 'tdx-v5-td15',
      platform: certificate,
      launch: { platform: launch, module: launch },
      current: { platform: current, module: current },
      platformStatuses: { latest: platform[0], earliest: platform[1] },
      moduleStatuses: { latest: module[0], earliest: module[1] },
      qeStatuses: { latest: qe },
    });
    assert.equal(verdict.status, status, JSON.stringify(row));
  }
});

test('the convergence tables have all combinations, with counts that follow from the rules', () => {
  const statusesOf = (kind: Parameters<typeof convergenceTable>[0]): Readonly<Record<string, number>> =>
    count(convergenceTable(kind), ({ expected }) => expected.status);
  // Of 21: one QE in three revokes; UpToDate and SWHardeningNeeded become OutOfDate, the two with
  // configuration become OutOfDateConfigurationNeeded, the others stay.
  assert.deepEqual(statusesOf('sgx-v3'), {
    OK: 1,
    OUT_OF_DATE: 4,
    REVOKED: 9,
    SW_HARDENING_NEEDED: 1,
    CONFIGURATION_NEEDED: 1,
    OUT_OF_DATE_CONFIGURATION_NEEDED: 4,
    CONFIGURATION_AND_SW_HARDENING_NEEDED: 1,
  });
  // Of 63: 2 × 2 combinations of module and QE revoke nothing, 3 of them are out of date.
  assert.deepEqual(statusesOf('tdx-v4'), {
    OK: 1,
    OUT_OF_DATE: 10,
    REVOKED: 39,
    SW_HARDENING_NEEDED: 1,
    CONFIGURATION_NEEDED: 1,
    OUT_OF_DATE_CONFIGURATION_NEEDED: 10,
    CONFIGURATION_AND_SW_HARDENING_NEEDED: 1,
  });
  // With a QE up to date: 21 launches × 21 currents. 10 launches are out of date without, 5 + 5 of the
  // two kinds; of the currents 4 are good, 2 of them with configuration.
  const relaunch = statusesOf('tdx-v5-td15');
  assert.equal(
    Object.values(relaunch).reduce((sum, rows) => sum + rows, 0),
    1323,
  );
  assert.deepEqual(
    [relaunch['TD_RELAUNCH_ADVISED'], relaunch['TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED']],
    [4 * 2, 4 * 2 + 4 * 4],
  );
});

test('names get back what QVL has before them', () => {
  assert.equal(qvlName('OK'), 'STATUS_OK');
  assert.equal(qvlName('OUT_OF_DATE'), 'STATUS_TCB_OUT_OF_DATE');
  assert.equal(qvlName('TCB_NOT_SUPPORTED'), 'STATUS_TCB_NOT_SUPPORTED');
  assert.equal(qvlName('TDX_MODULE_MISMATCH'), 'STATUS_TDX_MODULE_MISMATCH');
  assert.equal(qvlName('SGX_CRL_EXPIRED'), 'STATUS_SGX_CRL_EXPIRED');
});

import { tcbInfoVersion2, type PlatformTcbStatus } from '../collateral/tcb-info.ts';
import { omit } from '../omit.ts';
import type { TcbStatus } from '../scenario/statuses.ts';
import type { ExpectedVerdict } from '../scenario/expected-verdict.ts';
import { row, type StatusScenario } from './status-scenario.ts';

const platformOld = '2023-03-15T00:00:00Z';
const qeOld = '2023-01-15T00:00:00Z';
const platformLatestAdvisories = ['TEST-SA-PLATFORM-LATEST', 'TEST-SA-SHARED'];
const platformEarliestAdvisories = ['TEST-SA-PLATFORM-EARLIEST', 'TEST-SA-SHARED'];
const qeEarliestAdvisories = ['TEST-SA-QE-EARLIEST', 'TEST-SA-SHARED'];

/** No level of a part: there is neither a date nor an advisory. */
function notSupported(parts: Partial<ExpectedVerdict>): Partial<ExpectedVerdict> {
  return { status: 'TCB_NOT_SUPPORTED', ...parts };
}

function withoutDate({ expected, ...rest }: StatusScenario): StatusScenario {
  return Object.freeze({ ...rest, expected: Object.freeze(omit(expected, 'tcbDate')) });
}

const platformStatuses: readonly (readonly [PlatformTcbStatus, TcbStatus])[] = [
  ['SWHardeningNeeded', 'SW_HARDENING_NEEDED'],
  ['ConfigurationNeeded', 'CONFIGURATION_NEEDED'],
  ['ConfigurationAndSWHardeningNeeded', 'CONFIGURATION_AND_SW_HARDENING_NEEDED'],
  ['OutOfDate', 'OUT_OF_DATE'],
  ['OutOfDateConfigurationNeeded', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['Revoked', 'REVOKED'],
];

/** What each platform status becomes with a quoting enclave that is out of date. */
const withOldQe: readonly (readonly [PlatformTcbStatus, TcbStatus, TcbStatus])[] = [
  ['SWHardeningNeeded', 'SW_HARDENING_NEEDED', 'OUT_OF_DATE'],
  ['ConfigurationNeeded', 'CONFIGURATION_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['ConfigurationAndSWHardeningNeeded', 'CONFIGURATION_AND_SW_HARDENING_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['OutOfDate', 'OUT_OF_DATE', 'OUT_OF_DATE'],
  ['OutOfDateConfigurationNeeded', 'OUT_OF_DATE_CONFIGURATION_NEEDED', 'OUT_OF_DATE_CONFIGURATION_NEEDED'],
  ['Revoked', 'REVOKED', 'REVOKED'],
];

const old = { status: 'OUT_OF_DATE', platformStatus: 'OUT_OF_DATE', tcbDate: platformOld } as const;

/** Levels of platform and quoting enclave in SGX quotes. */
const levels: readonly StatusScenario[] = [
  row('SGX: everything up to date', {}),
  ...platformStatuses.map(([latest, status]) =>
    row(
      `SGX: platform ${latest}`,
      { platformStatuses: { latest } },
      { status, platformStatus: status, advisoryIds: platformLatestAdvisories },
    ),
  ),
  row('SGX: an older platform', { platform: 'earliest' }, { ...old, advisoryIds: platformEarliestAdvisories }),
  row('SGX: an older PCE alone', { pce: 'earliest' }, { ...old, advisoryIds: platformEarliestAdvisories }),
  row(
    'SGX: one older component alone',
    { identity: { components: [...Array.from({ length: 15 }, () => 9), 4] } },
    { ...old, advisoryIds: platformEarliestAdvisories },
  ),
  row(
    'SGX: an older quoting enclave',
    { qe: 'earliest' },
    { status: 'OUT_OF_DATE', qeStatus: 'OUT_OF_DATE', tcbDate: qeOld, advisoryIds: qeEarliestAdvisories },
  ),
  ...withOldQe.map(([latest, platformStatus, status]) =>
    row(
      `SGX: an older quoting enclave on a platform ${latest}`,
      { qe: 'earliest', platformStatuses: { latest } },
      {
        status,
        platformStatus,
        qeStatus: 'OUT_OF_DATE',
        tcbDate: qeOld,
        advisoryIds: ['TEST-SA-PLATFORM-LATEST', ...qeEarliestAdvisories],
      },
    ),
  ),
  row(
    'SGX: a revoked quoting enclave',
    { qe: 'earliest', qeStatuses: { earliest: 'Revoked' } },
    { status: 'REVOKED', qeStatus: 'REVOKED', tcbDate: qeOld, advisoryIds: qeEarliestAdvisories },
  ),
  row(
    'SGX: a revoked quoting enclave on an older platform',
    { platform: 'earliest', qe: 'earliest', qeStatuses: { earliest: 'Revoked' } },
    {
      status: 'REVOKED',
      platformStatus: 'OUT_OF_DATE',
      qeStatus: 'REVOKED',
      tcbDate: qeOld,
      advisoryIds: ['TEST-SA-PLATFORM-EARLIEST', ...qeEarliestAdvisories],
    },
  ),
];

const unsupported: readonly StatusScenario[] = [
  row('SGX: a platform below all levels', { platform: 'below' }, notSupported({ platformStatus: 'TCB_NOT_SUPPORTED' })),
  row('SGX: a PCE below all levels', { pce: 'below' }, notSupported({ platformStatus: 'TCB_NOT_SUPPORTED' })),
  row(
    'SGX: one component below all levels',
    { identity: { components: [...Array.from({ length: 15 }, () => 9), 2] } },
    notSupported({ platformStatus: 'TCB_NOT_SUPPORTED' }),
  ),
  row('SGX: a quoting enclave below all levels', { qe: 'below' }, notSupported({ qeStatus: 'TCB_NOT_SUPPORTED' })),
].map(withoutDate);

/** What must not matter. */
const immaterial: readonly StatusScenario[] = [
  row('SGX: TCB levels of platform and enclave in ascending order', {
    tcbInfo: (good) => ({ ...good, tcbLevels: good.tcbLevels.toReversed() }),
    qeIdentity: (good) => ({ ...good, tcbLevels: good.tcbLevels.toReversed() }),
  }),
  row('SGX: TCB info of version 2', { tcbInfo: tcbInfoVersion2 }),
  row(
    'SGX: TCB info of version 2, an older platform',
    { tcbInfo: tcbInfoVersion2, platform: 'earliest' },
    { ...old, advisoryIds: platformEarliestAdvisories },
  ),
  row('SGX: white space in what is signed', {
    tcbInfoText: (good) => JSON.stringify(JSON.parse(good), null, 2),
    qeIdentityText: (good) => ` ${good}\n`,
  }),
  row('SGX: unknown members in signed documents', {
    tcbInfo: (good) => ({ ...good, later: { things: [1, null, 'x'] } }),
    qeIdentity: (good) => ({ later: true, ...good }),
  }),
  row('SGX: a PCK certificate of the Processor CA', { ca: 'processor' }),
  row('SGX: two signing certificates', { certificates: { identitySigner: {} } }),
  row('SGX: lists that revoke nothing', { rootCrl: { revoked: [] }, pckCrl: { revoked: [] } }),
  row('SGX: a list that revokes two thousand others', { pckCrl: { revoked: manyRevoked() } }),
  row('SGX: no QE authentication data', { qeAuthData: new Uint8Array() }),
  row('SGX: long QE authentication data', { qeAuthData: new Uint8Array(4096).fill(3) }),
  row('SGX: a debug enclave, which is for policy to judge', { report: { attributes: { flags: 7n, xfrm: 3n } } }),
  row('SGX: QE attributes outside the mask of its identity', {
    qeReport: { attributes: { flags: 0x11n, xfrm: 0xe7n } },
  }),
  row('SGX: versions above the latest level', {
    identity: { components: Array.from({ length: 16 }, () => 255), pceSvn: 65_535 },
    qeReport: { isvSvn: 65_535 },
  }),
  ...([1, 2, 3, 4] as const).map((certificationType) =>
    row(`SGX: certification data of type ${certificationType}, the chain beside the collateral`, { certificationType }),
  ),
  {
    ...row('SGX: bytes after the quote', {
      signedQuote: (good) => ({ ...good, trailing: new Uint8Array(70).fill(1) }),
    }),
    hasTrailingBytes: true,
  },
];

function manyRevoked(): readonly { readonly serialNumber: Uint8Array; readonly at: Date }[] {
  const at = new Date('2025-06-01T00:00:00Z');
  return Array.from({ length: 2000 }, (_, index) => ({
    serialNumber: Uint8Array.of(0x40, index >> 8, index & 0xff),
    at,
  }));
}

export const sgxStatuses: readonly StatusScenario[] = Object.freeze([...levels, ...unsupported, ...immaterial]);

/** SGX in the younger versions of quotes: the same rules, another layout. */
export const laterSgxStatuses: readonly StatusScenario[] = Object.freeze(
  (['sgx-v4', 'sgx-v5'] as const).flatMap((kind) =>
    [...levels, ...unsupported, ...immaterial].map((each) =>
      Object.freeze({
        ...each,
        name: each.name.replace('SGX:', `${kind}:`),
        changes: Object.freeze({ ...each.changes, kind }),
      }),
    ),
  ),
);

import type { TcbInfoJson, TdxModuleIdentityJson } from '../collateral/tcb-info.ts';
import { hasCurrentSvn, type EvidenceKind } from '../scenario/kinds.ts';
import { relaunchRows } from './relaunch-rows.ts';
import type { StatusScenario } from './status-scenario.ts';
import {
  moduleEarliestAdvisories,
  moduleOld,
  notSupported,
  platformEarliestAdvisories,
  platformLatestAdvisories,
  platformOld,
  qeEarliestAdvisories,
  qeOld,
  tdRows,
  type TdRow,
} from './td-row.ts';

const oldPlatform = {
  status: 'OUT_OF_DATE',
  platformStatus: 'OUT_OF_DATE',
  tcbDate: platformOld,
  advisoryIds: platformEarliestAdvisories,
} as const;

const platforms: readonly TdRow[] = [
  ['everything up to date', {}],
  ['an older platform', { platform: 'earliest', launch: { platform: 'earliest' } }, oldPlatform],
  ['older SGX components alone', { platform: 'earliest' }, oldPlatform],
  ['an older PCE alone', { pce: 'earliest' }, oldPlatform],
  ['older TDX components alone', { launch: { platform: 'earliest' } }, oldPlatform],
  [
    'software hardening needed',
    { platformStatuses: { latest: 'SWHardeningNeeded' } },
    {
      status: 'SW_HARDENING_NEEDED',
      platformStatus: 'SW_HARDENING_NEEDED',
      advisoryIds: platformLatestAdvisories,
    },
  ],
  [
    'configuration needed',
    { platformStatuses: { latest: 'ConfigurationNeeded' } },
    {
      status: 'CONFIGURATION_NEEDED',
      platformStatus: 'CONFIGURATION_NEEDED',
      advisoryIds: platformLatestAdvisories,
    },
  ],
  [
    'a revoked platform',
    { platformStatuses: { latest: 'Revoked' } },
    { status: 'REVOKED', platformStatus: 'REVOKED', advisoryIds: platformLatestAdvisories },
  ],
];

const oldModule = { moduleStatus: 'OUT_OF_DATE', tcbDate: moduleOld, advisoryIds: moduleEarliestAdvisories } as const;
const oldQe = { qeStatus: 'OUT_OF_DATE', tcbDate: qeOld, advisoryIds: qeEarliestAdvisories } as const;

const modulesAndQe: readonly TdRow[] = [
  ['an older module', { launch: { module: 'earliest' } }, { status: 'OUT_OF_DATE', ...oldModule }],
  [
    'an older module where configuration is needed',
    { launch: { module: 'earliest' }, platformStatuses: { latest: 'ConfigurationAndSWHardeningNeeded' } },
    {
      status: 'OUT_OF_DATE_CONFIGURATION_NEEDED',
      platformStatus: 'CONFIGURATION_AND_SW_HARDENING_NEEDED',
      ...oldModule,
      advisoryIds: ['TEST-SA-MODULE-EARLIEST', 'TEST-SA-PLATFORM-LATEST', 'TEST-SA-SHARED'],
    },
  ],
  [
    'a revoked module',
    { launch: { module: 'earliest' }, moduleStatuses: { earliest: 'Revoked' } },
    { status: 'REVOKED', ...oldModule, moduleStatus: 'REVOKED' },
  ],
  [
    'an older module that is still up to date: the first two components belong to it',
    { launch: { module: 'earliest' }, moduleStatuses: { earliest: 'UpToDate' } },
    { tcbDate: moduleOld },
  ],
  ['an older quoting enclave', { qe: 'earliest' }, { status: 'OUT_OF_DATE', ...oldQe }],
  [
    'a revoked quoting enclave',
    { qe: 'earliest', qeStatuses: { earliest: 'Revoked' } },
    { status: 'REVOKED', ...oldQe, qeStatus: 'REVOKED' },
  ],
  [
    'everything older at once',
    { platform: 'earliest', launch: { platform: 'earliest', module: 'earliest' }, qe: 'earliest' },
    {
      ...oldPlatform,
      moduleStatus: 'OUT_OF_DATE',
      qeStatus: 'OUT_OF_DATE',
      tcbDate: qeOld,
      advisoryIds: ['TEST-SA-MODULE-EARLIEST', 'TEST-SA-PLATFORM-EARLIEST', 'TEST-SA-QE-EARLIEST', 'TEST-SA-SHARED'],
    },
  ],
];

/** A module whose version is 0 has no status, and all components count. */
const versionless: readonly TdRow[] = [
  [
    'a module without a version',
    { launch: { version: 0 } },
    { moduleStatus: undefined, tcbDate: '2025-05-14T00:00:00Z' },
  ],
  [
    'an older module without a version: its SVN is a component of the platform',
    { launch: { version: 0, module: 'earliest' } },
    { ...oldPlatform, moduleStatus: undefined },
  ],
  [
    'a module without a version below all levels',
    { launch: { version: 0, module: 'below' } },
    { ...notSupported, platformStatus: 'TCB_NOT_SUPPORTED', moduleStatus: undefined },
  ],
];

const unsupported: readonly TdRow[] = [
  ['a platform below all levels', { platform: 'below' }, { ...notSupported, platformStatus: 'TCB_NOT_SUPPORTED' }],
  ['a PCE below all levels', { pce: 'below' }, { ...notSupported, platformStatus: 'TCB_NOT_SUPPORTED' }],
  [
    'TDX components below all levels',
    { launch: { platform: 'below' } },
    { ...notSupported, platformStatus: 'TCB_NOT_SUPPORTED' },
  ],
  [
    'a module below all levels',
    { launch: { module: 'below' } },
    { ...notSupported, moduleStatus: 'TCB_NOT_SUPPORTED' },
  ],
  ['a quoting enclave below all levels', { qe: 'below' }, { ...notSupported, qeStatus: 'TCB_NOT_SUPPORTED' }],
];

function withModules(good: TcbInfoJson, change: (module: TdxModuleIdentityJson) => TdxModuleIdentityJson): TcbInfoJson {
  return { ...good, tdxModuleIdentities: (good.tdxModuleIdentities ?? []).map(change) };
}

/** What must not matter. */
const immaterial: readonly TdRow[] = [
  [
    'the identity of the module in small letters',
    {
      launch: { version: 10 },
      tcbInfo: (good) => withModules(good, (module) => (module.id === 'TDX_01' ? { ...module, id: 'tdx_0a' } : module)),
    },
  ],
  [
    'levels of the module in ascending order',
    {
      tcbInfo: (good) => withModules(good, (module) => ({ ...module, tcbLevels: module.tcbLevels.toReversed() })),
    },
  ],
  [
    'attributes of the module that its mask would leave out',
    { tcbInfo: (good) => withModules(good, (module) => ({ ...module, attributesMask: '00'.repeat(8) })) },
  ],
  ['a debug TD, which is for policy to judge', { td: { tdAttributes: 1n } }],
  ['a service TD, which is for policy to judge', { td: { mrServiceTd: new Uint8Array(48).fill(7) } }],
];

const kinds: readonly EvidenceKind[] = ['tdx-v4', 'tdx-v5-td10', 'tdx-v5-td15', 'tdx-v5-td15ex'];
const rows = [...platforms, ...modulesAndQe, ...versionless, ...unsupported, ...immaterial];

export const tdxStatuses: readonly StatusScenario[] = Object.freeze(
  kinds.flatMap((kind) => tdRows(kind, hasCurrentSvn(kind) ? [...rows, ...relaunchRows] : rows)),
);

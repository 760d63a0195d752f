import {
  moduleEarliestAdvisories,
  moduleLatest,
  moduleLatestAdvisories,
  moduleOld,
  notSupported,
  platformEarliestAdvisories,
  platformLatestAdvisories,
  platformOld,
  type TdRow,
} from './td-row.ts';

const launchedOnOldModule = {
  moduleStatus: 'OUT_OF_DATE',
  tcbDate: moduleOld,
  advisoryIds: moduleEarliestAdvisories,
} as const;
const launchedOnOldPlatform = {
  platformStatus: 'OUT_OF_DATE',
  tcbDate: platformOld,
  advisoryIds: platformEarliestAdvisories,
} as const;
const nowOk = { currentStatus: 'OK', currentTcbDate: moduleLatest, currentAdvisoryIds: [] } as const;

const oldModule = { launch: { module: 'earliest' }, current: {} } as const;
const oldPlatform = { launch: { platform: 'earliest' }, current: {} } as const;

const configurations = [
  ['ConfigurationNeeded', 'CONFIGURATION_NEEDED'],
  ['ConfigurationAndSWHardeningNeeded', 'CONFIGURATION_AND_SW_HARDENING_NEEDED'],
] as const;

const advised: readonly TdRow[] = [
  ['an older module at launch', oldModule, { status: 'TD_RELAUNCH_ADVISED', ...launchedOnOldModule, ...nowOk }],
  [
    'older TDX components at launch',
    oldPlatform,
    { status: 'TD_RELAUNCH_ADVISED', ...launchedOnOldPlatform, ...nowOk },
  ],
  [
    'older TDX components at launch, software hardening needed now',
    { ...oldPlatform, platformStatuses: { latest: 'SWHardeningNeeded' } },
    {
      status: 'TD_RELAUNCH_ADVISED',
      ...launchedOnOldPlatform,
      currentStatus: 'SW_HARDENING_NEEDED',
      currentTcbDate: moduleLatest,
      currentAdvisoryIds: platformLatestAdvisories,
    },
  ],
  ...configurations.map(([latest, currentStatus]): TdRow => [
    `older TDX components at launch, ${latest} now`,
    { ...oldPlatform, platformStatuses: { latest } },
    {
      status: 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
      ...launchedOnOldPlatform,
      currentStatus,
      currentTcbDate: moduleLatest,
      currentAdvisoryIds: platformLatestAdvisories,
    },
  ]),
  [
    'older TDX components at launch that needed configuration',
    { ...oldPlatform, platformStatuses: { earliest: 'OutOfDateConfigurationNeeded' } },
    {
      status: 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED',
      ...launchedOnOldPlatform,
      platformStatus: 'OUT_OF_DATE_CONFIGURATION_NEEDED',
      ...nowOk,
    },
  ],
  [
    'an older module at launch, one of another version now',
    { ...oldModule, current: { version: 3 } },
    { status: 'TD_RELAUNCH_ADVISED', ...launchedOnOldModule, ...nowOk },
  ],
];

/** The launch has the word. */
const notAdvised: readonly TdRow[] = [
  [
    'an older module at launch, older TDX components now',
    { ...oldModule, current: { platform: 'earliest' } },
    {
      status: 'OUT_OF_DATE',
      ...launchedOnOldModule,
      currentStatus: 'OUT_OF_DATE',
      currentTcbDate: platformOld,
      currentAdvisoryIds: platformEarliestAdvisories,
    },
  ],
  [
    'an older module at launch, a revoked one now',
    { ...oldModule, moduleStatuses: { latest: 'Revoked' } },
    {
      status: 'OUT_OF_DATE',
      ...launchedOnOldModule,
      currentStatus: 'REVOKED',
      currentTcbDate: moduleLatest,
      currentAdvisoryIds: moduleLatestAdvisories,
    },
  ],
  [
    'a revoked module at launch',
    { ...oldModule, moduleStatuses: { earliest: 'Revoked' } },
    { status: 'REVOKED', ...launchedOnOldModule, moduleStatus: 'REVOKED', ...nowOk },
  ],
  [
    'software hardening needed at launch',
    { ...oldPlatform, platformStatuses: { earliest: 'SWHardeningNeeded' } },
    {
      status: 'SW_HARDENING_NEEDED',
      ...launchedOnOldPlatform,
      platformStatus: 'SW_HARDENING_NEEDED',
      ...nowOk,
    },
  ],
  [
    'an older module now than at launch',
    { launch: {}, current: { module: 'earliest' } },
    { currentStatus: 'OUT_OF_DATE', currentTcbDate: moduleOld, currentAdvisoryIds: moduleEarliestAdvisories },
  ],
  ['a module of another version now', { launch: {}, current: { version: 3 } }, nowOk],
];

const nowUnsupported = {
  status: 'TCB_NOT_SUPPORTED',
  currentStatus: 'TCB_NOT_SUPPORTED',
  currentAdvisoryIds: [],
} as const;

/** One of the two without a level is enough. */
const unsupported: readonly TdRow[] = [
  ['a module below all levels now', { launch: {}, current: { module: 'below' } }, nowUnsupported],
  ['TDX components below all levels now', { launch: {}, current: { platform: 'below' } }, nowUnsupported],
  ['a module without an identity now', { launch: {}, current: { version: 7 } }, nowUnsupported],
  [
    'TDX components below all levels at launch, up to date now',
    { launch: { platform: 'below' }, current: {} },
    { ...notSupported, platformStatus: 'TCB_NOT_SUPPORTED', ...nowOk },
  ],
];

/** TDs 1.5 whose two TEE_TCB_SVN differ. */
export const relaunchRows: readonly TdRow[] = [...advised, ...notAdvised, ...unsupported];

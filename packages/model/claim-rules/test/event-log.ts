import type { Claim } from '../src/index.ts';
import { claim } from './claims.ts';

const tag = (EventSeq: number, PcrIndex: number, boundary: object): object => ({
  EventSeq,
  PcrIndex,
  EventTypeString: 'EV_EVENT_TAG',
  ProcessedData: { EVENT_TRUSTBOUNDARY: boundary },
});

const wdboot = {
  EVENT_IMAGEVALIDATED: true,
  EVENT_FILEPATH: '\\Windows\\System32\\Drivers\\WdBoot.sys',
  EVENT_MODULE_SVN: 3,
};

const efi = (UnicodeName: string, VariableData: string): object => ({
  EventSeq: 1,
  PcrIndex: 7,
  EventTypeString: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  ProcessedData: { UnicodeName, VariableGuid: '8BE4DF61-93CA-11D2-AA0D-00E098032B8C', VariableData },
});

const variable = (EventTypeString: string, PcrIndex: number, UnicodeName: string): object => ({
  EventSeq: 0,
  PcrIndex,
  EventTypeString,
  ProcessedData: { UnicodeName, VariableData: `${UnicodeName}-data` },
});

const ima = (ProcessedData: object): object => ({
  EventSeq: 8,
  PcrIndex: 10,
  EventTypeString: 'IMA_MEASUREMENT_EVENT',
  ProcessedData,
});

/** The boot of a machine with Linux. */
export const linux: readonly Claim[] = [
  claim('aikValidated', true),
  claim(
    'events',
    JSON.stringify({
      Events: [
        variable('EV_EFI_VARIABLE_BOOT', 1, 'BootOrder'),
        ...['PK', 'KEK', 'db', 'dbx'].map((name) => variable('EV_EFI_VARIABLE_DRIVER_CONFIG', 7, name)),
        efi('SecureBoot', 'AQ'),
        ima({ KernelVersion: '6.1' }),
        ima({ KernelVersion: '6.2' }),
        ima({ Keyring: '.builtin_trusted_keys', CertificateSubject: 'CN=built in' }),
      ],
    }),
  ),
];

const healthyBoundary = {
  EVENT_CODEINTEGRITY: true,
  EVENT_BOOTDEBUGGING: false,
  EVENT_OSKERNELDEBUG: false,
  EVENT_TESTSIGNING: false,
  EVENT_FLIGHTSIGNING: false,
  EVENT_SAFEMODE: false,
  EVENT_WINPE: false,
  EVENT_VBS_VSM_REQUIRED: true,
  EVENT_VBS_MANDATORY_ENFORCEMENT: true,
  EVENT_VBS_IOMMU_REQUIRED: true,
  EVENT_VBS_HVCI_POLICY: { String: 'HypervisorEnforcedCodeIntegrityEnable', Value: 1 },
  EVENT_BITLOCKER_UNLOCK: { Value: 2 },
  EVENT_DATAEXECUTIONPREVENTION: { Value: 5 },
  EVENT_LOADEDMODULE_AGGREGATION: [wdboot],
};

/** The measured boot of a machine as claim rules see it: names as the published policies have them, values ours. */
function logOf(boundary: object): string {
  return JSON.stringify({
    Events: [
      efi('SecureBoot', boundary === healthyBoundary ? 'AQ' : 'AA'),
      tag(2, 12, { ...boundary, EVENT_APPLICATION_SVN: 7 }),
      tag(3, 12, { EVENT_TRANSFER_CONTROL: { Value: 1 } }),
      tag(4, 13, {
        EVENT_SI_POLICY: [{ RawData: 'cG9saWN5' }],
        EVENT_BOOT_REVOCATION_LIST: { RawData: 'bGlzdA' },
        EVENT_LOADEDMODULE_AGGREGATION: [wdboot],
      }),
      tag(5, 12, { EVENT_APPLICATION_SVN: 9 }),
      tag(6, 20, { EVENT_DRTM_STATE_AUTH: { SignatureValid: true } }),
      { EventSeq: 7, PcrIndex: 12, EventTypeString: 'EV_SEPARATOR', ProcessedData: {} },
    ],
  });
}

export const healthy: readonly Claim[] = [claim('events', logOf(healthyBoundary)), claim('aikValidated', true)];

export const unhealthy: readonly Claim[] = [
  claim(
    'events',
    logOf({
      ...healthyBoundary,
      EVENT_CODEINTEGRITY: false,
      EVENT_BOOTDEBUGGING: true,
      EVENT_VBS_VSM_REQUIRED: false,
      EVENT_VBS_HVCI_POLICY: { String: 'HypervisorEnforcedCodeIntegrityEnable', Value: 0 },
      EVENT_LOADEDMODULE_AGGREGATION: [],
    }),
  ),
  claim('aikValidated', false),
];

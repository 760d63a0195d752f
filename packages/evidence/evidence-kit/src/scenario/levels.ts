import { toHex } from '@enclos/codec';
import type { EnclaveIdentityJson } from '../collateral/enclave-identity.ts';
import {
  components,
  type ComponentTcbLevelJson,
  type ComponentTcbStatus,
  type PlatformTcbStatus,
  type TcbInfoJson,
  type TcbLevelJson,
} from '../collateral/tcb-info.ts';
import type { LevelStatuses, Position, ScenarioChanges } from './changes.ts';
import { evidenceKinds } from './kinds.ts';

/** Security version of each position, of all components alike. */
export const svnOf: Readonly<Record<Position, number>> = Object.freeze({ latest: 5, earliest: 3, below: 2 });

type LevelPosition = 'latest' | 'earliest';
type Part = 'platform' | 'module' | 'qe';

/** Dates of the levels: of the latest ones the module's is the oldest, of the earliest ones the quoting enclave's. */
const levelDates: Readonly<Record<Part, Readonly<Record<LevelPosition, string>>>> = Object.freeze({
  platform: { latest: '2025-05-14T00:00:00Z', earliest: '2023-03-15T00:00:00Z' },
  module: { latest: '2025-04-15T00:00:00Z', earliest: '2023-02-15T00:00:00Z' },
  qe: { latest: '2025-06-15T00:00:00Z', earliest: '2023-01-15T00:00:00Z' },
});

/** The advisories of a level that is not up to date: its own, and one that all such levels share. */
function advisoriesOf(part: Part, position: LevelPosition): readonly string[] {
  return [`TEST-SA-${part.toUpperCase()}-${position.toUpperCase()}`, 'TEST-SA-SHARED'];
}

export const documentDates = Object.freeze({ issueDate: '2026-01-01T00:00:00Z', nextUpdate: '2026-02-01T00:00:00Z' });
export const exampleFmspc = '00A0B0C0D0E0';
export const examplePceId = '0001';
/** MRSIGNER of the quoting enclave, 32 bytes of this. */
export const qeSignerByte = 0x5a;

const mostSet = 'FF'.repeat(8);
const noModule = Object.freeze({ mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: mostSet });

function common<Status extends string>(
  part: Part,
  position: LevelPosition,
  tcbStatus: Status,
): { readonly tcbDate: string; readonly tcbStatus: Status; readonly advisoryIDs?: readonly string[] } {
  return {
    tcbDate: levelDates[part][position],
    tcbStatus,
    ...(tcbStatus === 'UpToDate' ? {} : { advisoryIDs: advisoriesOf(part, position) }),
  };
}

function platformLevel(position: LevelPosition, status: PlatformTcbStatus, tee: 'SGX' | 'TDX'): TcbLevelJson {
  const svns = components(svnOf[position]);
  return {
    tcb: {
      sgxtcbcomponents: svns,
      pcesvn: svnOf[position],
      // Bytes 0 and 1 belong to the module, whose levels are elsewhere.
      ...(tee === 'TDX' ? { tdxtcbcomponents: components(svnOf[position], 0, svnOf[position], 0) } : {}),
    },
    ...common('platform', position, status),
  };
}

function componentLevels(
  part: 'module' | 'qe',
  { latest = 'UpToDate', earliest = 'OutOfDate' }: LevelStatuses<ComponentTcbStatus> = {},
): readonly ComponentTcbLevelJson[] {
  return [
    { tcb: { isvsvn: svnOf.latest }, ...common(part, 'latest', latest) },
    { tcb: { isvsvn: svnOf.earliest }, ...common(part, 'earliest', earliest) },
  ];
}

/** The TCB info of a scenario before `changes.tcbInfo`. */
export function goodTcbInfo(changes: ScenarioChanges): TcbInfoJson {
  const { tee } = evidenceKinds[changes.kind ?? 'sgx-v3'];
  const { latest = 'UpToDate', earliest = 'OutOfDate' } = changes.platformStatuses ?? {};
  return {
    id: tee,
    version: 3,
    ...documentDates,
    fmspc: exampleFmspc,
    pceId: examplePceId,
    tcbType: 0,
    tcbEvaluationDataNumber: 17,
    ...(tee === 'TDX'
      ? {
          tdxModule: noModule,
          tdxModuleIdentities: [
            { id: 'TDX_03', ...noModule, tcbLevels: componentLevels('module') },
            { id: 'TDX_01', ...noModule, tcbLevels: componentLevels('module', changes.moduleStatuses) },
          ],
        }
      : {}),
    tcbLevels: [platformLevel('latest', latest, tee), platformLevel('earliest', earliest, tee)],
  };
}

/** The identity of the quoting enclave of a scenario before `changes.qeIdentity`. */
export function goodQeIdentity(changes: ScenarioChanges): EnclaveIdentityJson {
  const { tee } = evidenceKinds[changes.kind ?? 'sgx-v3'];
  return {
    id: tee === 'SGX' ? 'QE' : 'TD_QE',
    version: 2,
    ...documentDates,
    tcbEvaluationDataNumber: 18,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    // Every flag but MODE64BIT counts, no XFRM bit does: Intel's own mask.
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: toHex(new Uint8Array(32).fill(qeSignerByte)).toUpperCase(),
    isvprodid: tee === 'SGX' ? 1 : 2,
    tcbLevels: componentLevels('qe', changes.qeStatuses),
  };
}

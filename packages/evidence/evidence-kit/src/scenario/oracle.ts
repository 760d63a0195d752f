import type { EnclaveIdentityJson } from '../collateral/enclave-identity.ts';
import type {
  ComponentTcbLevelJson,
  ComponentTcbStatus,
  PlatformTcbStatus,
  TcbInfoJson,
  TcbLevelJson,
} from '../collateral/tcb-info.ts';
import type { ComponentStatus, TcbStatus } from './statuses.ts';

/** What the evaluation of a TCB starts from. */
export interface TcbFacts {
  readonly tcbInfo: TcbInfoJson;
  readonly qeIdentity: EnclaveIdentityJson;
  /** 16 numbers, of the PCK certificate. */
  readonly components: readonly number[];
  readonly pceSvn: number;
  readonly qeSvn: number;
  /** For a TD, 16 bytes. */
  readonly teeTcbSvn?: Uint8Array;
  /** For a TD 1.5, 16 bytes. */
  readonly teeTcbSvn2?: Uint8Array;
}

/** One evaluation. Statuses of parts are there even when the whole is not supported. */
export interface Evaluation {
  readonly status: TcbStatus;
  readonly platformStatus: TcbStatus;
  /** Only where the version of the module is above 0. */
  readonly moduleStatus?: ComponentStatus;
  readonly qeStatus: ComponentStatus;
  /** The oldest of the levels' dates; absent when a part has no level. */
  readonly tcbDate?: string;
  /** The advisories of all levels, each once, sorted; empty when a part has no level. */
  readonly advisoryIds: readonly string[];
}

/** What a verifier has to say about a TCB: of the launch, and of what is loaded now where the quote tells. */
export interface TcbOutcome extends Evaluation {
  readonly current?: Evaluation;
}

const platformNames: Readonly<Record<PlatformTcbStatus, TcbStatus>> = {
  UpToDate: 'OK',
  SWHardeningNeeded: 'SW_HARDENING_NEEDED',
  ConfigurationNeeded: 'CONFIGURATION_NEEDED',
  ConfigurationAndSWHardeningNeeded: 'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  OutOfDate: 'OUT_OF_DATE',
  OutOfDateConfigurationNeeded: 'OUT_OF_DATE_CONFIGURATION_NEEDED',
  Revoked: 'REVOKED',
};

const componentNames: Readonly<Record<ComponentTcbStatus, ComponentStatus>> = {
  UpToDate: 'OK',
  OutOfDate: 'OUT_OF_DATE',
  Revoked: 'REVOKED',
};

/**
 * Evaluates a TCB as Intel's library does (QVL of 2026: sgxEvaluateTCB,
 * tdxEvaluateTCB, convergeTcbStatuses, checkForRelaunch). Written for the
 * tables of this kit, from the description of the algorithm and from nothing
 * of the verifier, so that the two can be compared.
 */
export function evaluateTcb(facts: TcbFacts): TcbOutcome {
  const launch = evaluateOnce(facts, facts.teeTcbSvn);
  if (facts.teeTcbSvn2 === undefined) return launch;
  const current = evaluateOnce(facts, facts.teeTcbSvn2);
  return { ...launch, status: relaunch(launch.status, current.status), current };
}

function relaunch(launch: TcbStatus, current: TcbStatus): TcbStatus {
  if (current === 'TCB_NOT_SUPPORTED') return current;
  const isLaunchOld = launch === 'OUT_OF_DATE' || launch === 'OUT_OF_DATE_CONFIGURATION_NEEDED';
  const isCurrentGood =
    current === 'OK' ||
    current === 'SW_HARDENING_NEEDED' ||
    current === 'CONFIGURATION_NEEDED' ||
    current === 'CONFIGURATION_AND_SW_HARDENING_NEEDED';
  if (!isLaunchOld || !isCurrentGood) return launch;
  const isConfigurationNeeded = [launch, current].some((status) => status.includes('CONFIGURATION'));
  return isConfigurationNeeded ? 'TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED' : 'TD_RELAUNCH_ADVISED';
}

interface Level {
  readonly tcbDate: string;
  readonly advisoryIDs?: readonly string[];
}

function evaluateOnce(facts: TcbFacts, tdSvn: Uint8Array | undefined): Evaluation {
  const platform = descending(facts.tcbInfo.tcbLevels, platformKey).find((level) => fits(level, facts, tdSvn));
  const qe = firstAtMost(facts.qeIdentity.tcbLevels, facts.qeSvn);
  const hasModule = tdSvn !== undefined && (tdSvn[1] ?? 0) > 0;
  const module = hasModule ? moduleLevel(facts.tcbInfo, tdSvn) : undefined;
  const platformStatus = platform === undefined ? 'TCB_NOT_SUPPORTED' : platformNames[platform.tcbStatus];
  const moduleStatus = nameOf(module);
  const qeStatus = nameOf(qe);
  const parts = { platformStatus, qeStatus, ...(hasModule ? { moduleStatus } : {}) };
  if (platform === undefined || qe === undefined || (hasModule && module === undefined)) {
    return { ...parts, status: 'TCB_NOT_SUPPORTED', advisoryIds: [] };
  }
  const levels: readonly Level[] = [platform, qe, ...(module === undefined ? [] : [module])];
  return {
    ...parts,
    status: converge(platformStatus, hasModule ? [moduleStatus, qeStatus] : [qeStatus]),
    tcbDate: levels.map(({ tcbDate }) => tcbDate).sort()[0] ?? '',
    advisoryIds: [...new Set(levels.flatMap(({ advisoryIDs = [] }) => advisoryIDs))].sort(),
  };
}

function converge(platform: TcbStatus, components: readonly ComponentStatus[]): TcbStatus {
  if (components.includes('REVOKED')) return 'REVOKED';
  if (!components.includes('OUT_OF_DATE')) return platform;
  switch (platform) {
    case 'OK':
    case 'SW_HARDENING_NEEDED':
      return 'OUT_OF_DATE';
    case 'CONFIGURATION_NEEDED':
    case 'CONFIGURATION_AND_SW_HARDENING_NEEDED':
      return 'OUT_OF_DATE_CONFIGURATION_NEEDED';
    default:
      return platform;
  }
}

function fits({ tcb }: TcbLevelJson, facts: TcbFacts, tdSvn: Uint8Array | undefined): boolean {
  const sgx = tcb.sgxtcbcomponents.every(({ svn }, index) => (facts.components[index] ?? -1) >= svn);
  if (!sgx || facts.pceSvn < tcb.pcesvn) return false;
  if (tdSvn === undefined) return true;
  // The first two belong to the module when it has a version.
  const from = (tdSvn[1] ?? 0) > 0 ? 2 : 0;
  return (tcb.tdxtcbcomponents ?? []).every(({ svn }, index) => index < from || (tdSvn[index] ?? -1) >= svn);
}

function moduleLevel(tcbInfo: TcbInfoJson, tdSvn: Uint8Array): ComponentTcbLevelJson | undefined {
  const wanted = `TDX_${(tdSvn[1] ?? 0).toString(16).padStart(2, '0')}`.toUpperCase();
  const identity = (tcbInfo.tdxModuleIdentities ?? []).find(({ id }) => id.toUpperCase() === wanted);
  return firstAtMost(identity?.tcbLevels ?? [], tdSvn[0] ?? 0);
}

function firstAtMost(levels: readonly ComponentTcbLevelJson[], svn: number): ComponentTcbLevelJson | undefined {
  return descending(levels, ({ tcb }) => [tcb.isvsvn]).find(({ tcb }) => tcb.isvsvn <= svn);
}

function nameOf(level: ComponentTcbLevelJson | undefined): ComponentStatus {
  return level === undefined ? 'TCB_NOT_SUPPORTED' : componentNames[level.tcbStatus];
}

function platformKey({ tcb }: TcbLevelJson): readonly number[] {
  const { sgxtcbcomponents, pcesvn, tdxtcbcomponents = [] } = tcb;
  return [...sgxtcbcomponents.map(({ svn }) => svn), pcesvn, ...tdxtcbcomponents.map(({ svn }) => svn)];
}

/** The highest first, whatever the order in the file. */
function descending<T>(levels: readonly T[], keyOf: (level: T) => readonly number[]): readonly T[] {
  return levels.toSorted((a, b) => {
    const [left, right] = [keyOf(a), keyOf(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return at === -1 ? 0 : (right[at] ?? 0) - (left[at] ?? 0);
  });
}

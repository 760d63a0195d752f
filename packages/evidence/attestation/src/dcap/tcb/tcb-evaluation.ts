import type { EnclaveTcbLevel } from './enclave-levels.ts';
import { findShortfall, type Shortfall } from './shortfall.ts';
import type { TcbInputs } from './tcb-inputs.ts';
import type { TcbLevel } from './tcb-info.ts';
import type { EnclaveStatus, QuoteStatus } from './tcb-status.ts';
import { firstTdxComponent, hasModuleIdentity, moduleIdentityFor } from './tdx-module.ts';

/** What the security versions of platform, TDX module and quoting enclave amount to. */
export interface TcbEvaluation {
  readonly status: QuoteStatus;
  readonly platformStatus: QuoteStatus;
  /** The status of the TDX module; absent for SGX, and for TDX modules of version 0, which have no identity. */
  readonly moduleStatus?: EnclaveStatus;
  readonly qeStatus: EnclaveStatus;
  /** The oldest of the levels' dates; absent when one has no level. */
  readonly tcbDate?: string;
  /** The advisories of all levels, each once, sorted. */
  readonly advisoryIds: readonly string[];
  readonly shortfall: readonly Shortfall[];
}

/**
 * Evaluates the TCB: the first level, from the highest, that the platform
 * reaches in all 16 components and the PCE, for TDX also in those of the
 * TEE_TCB_SVN; the first that the TDX module, if it has an identity,
 * and the first that the quoting enclave reaches; then all converge. If one of them
 * has no level: TCB_NOT_SUPPORTED (QVL `QuoteVerifier::verify`).
 *
 * @param teeTcbSvn of a TD report, 16 bytes; undefined for SGX.
 */
export function evaluateTcb(inputs: TcbInputs, teeTcbSvn?: Uint8Array): TcbEvaluation {
  const { tcbInfo, qeIdentity, qeIsvSvn } = inputs;
  const level = tcbInfo.tcbLevels.find((candidate) => reaches(inputs, teeTcbSvn, candidate));
  const qeLevel = enclaveLevel(qeIdentity.tcbLevels, qeIsvSvn);
  const moduleLevel = hasModuleIdentity(teeTcbSvn)
    ? enclaveLevel(moduleIdentityFor(tcbInfo, teeTcbSvn)?.tcbLevels ?? [], teeTcbSvn[0] ?? 0)
    : undefined;
  const statuses = {
    platformStatus: level?.status ?? 'TCB_NOT_SUPPORTED',
    ...(moduleLevel === undefined ? {} : { moduleStatus: moduleLevel.status }),
    qeStatus: qeLevel.status,
  };
  const shortfall = Object.freeze(findShortfall(inputs, teeTcbSvn));
  const enclaves = moduleLevel === undefined ? [qeLevel] : [moduleLevel, qeLevel];
  if (level === undefined || enclaves.some(({ status }) => status === 'TCB_NOT_SUPPORTED')) {
    return Object.freeze({ status: 'TCB_NOT_SUPPORTED', ...statuses, advisoryIds: Object.freeze([]), shortfall });
  }
  const levels = [level, ...enclaves];
  return Object.freeze({
    status: enclaves.reduce<QuoteStatus>((status, enclave) => converge(status, enclave.status), level.status),
    ...statuses,
    // Dates of one fixed form in UTC: their order is that of the text.
    tcbDate: levels.map(({ tcbDate }) => tcbDate).reduce((oldest, date) => (date < oldest ? date : oldest)),
    advisoryIds: Object.freeze([...new Set(levels.flatMap(({ advisoryIds }) => advisoryIds))].sort()),
    shortfall,
  });
}

/** QVL convergeTcbStatuses: an enclave of the platform can only make its status worse. */
export function converge(platform: QuoteStatus, enclave: EnclaveStatus): QuoteStatus {
  if (enclave === 'REVOKED') return 'REVOKED';
  if (enclave !== 'OUT_OF_DATE') return platform;
  if (platform === 'OK' || platform === 'SW_HARDENING_NEEDED') return 'OUT_OF_DATE';
  if (platform === 'CONFIGURATION_NEEDED' || platform === 'CONFIGURATION_AND_SW_HARDENING_NEEDED') {
    return 'OUT_OF_DATE_CONFIGURATION_NEEDED';
  }
  return platform;
}

const noLevel: EnclaveTcbLevel = Object.freeze({
  isvSvn: 0,
  tcbDate: '',
  status: 'TCB_NOT_SUPPORTED',
  advisoryIds: Object.freeze([]),
});

function enclaveLevel(levels: readonly EnclaveTcbLevel[], isvSvn: number): EnclaveTcbLevel {
  return levels.find((level) => level.isvSvn <= isvSvn) ?? noLevel;
}

function reaches({ platform }: TcbInputs, teeTcbSvn: Uint8Array | undefined, level: TcbLevel): boolean {
  if (platform.pceSvn < level.pceSvn) return false;
  if (level.components.some(({ svn }, index) => (platform.tcbComponents[index] ?? -1) < svn)) return false;
  if (teeTcbSvn === undefined) return true;
  const first = firstTdxComponent(teeTcbSvn);
  return level.tdxComponents.every(({ svn }, index) => index < first || (teeTcbSvn[index] ?? -1) >= svn);
}

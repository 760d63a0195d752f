import type { EnclaveIdentity } from './enclave-identity.ts';
import type { PckPlatform } from './sgx-extension.ts';
import type { TcbInfo, TcbLevel } from './tcb-info.ts';
import type { EnclaveStatus, QuoteStatus } from './tcb-status.ts';

/** One security version that keeps a platform from the highest level. */
export interface Shortfall {
  /**
   * `sgx`, `tdx`: a component of the TCB; `pce`: the provisioning certification
   * enclave; `tdx-module`: the ISVSVN of the TDX module; `qe`: the quoting enclave.
   */
  readonly component: 'sgx' | 'tdx' | 'pce' | 'tdx-module' | 'qe';
  /** Of the component, from 0; 0 for those that are one. */
  readonly index: number;
  readonly has: number;
  readonly needs: number;
  /** Intel's words for an SGX component: what to update. */
  readonly category?: string;
  readonly type?: string;
}

/** What the security versions of platform, TDX module and quoting enclave amount to. */
export interface TcbEvaluation {
  readonly status: QuoteStatus;
  readonly platformStatus: QuoteStatus;
  /** Of the TDX module; absent for SGX, and for TDX modules of version 0, which have no identity of their own. */
  readonly moduleStatus?: EnclaveStatus;
  readonly qeStatus: EnclaveStatus;
  /** The oldest of the levels' dates; absent when one has no level. */
  readonly tcbDate?: string;
  /** Of all levels, each once, sorted. */
  readonly advisoryIds: readonly string[];
  readonly shortfall: readonly Shortfall[];
}

/**
 * Evaluates the TCB (QVL sgxEvaluateTCB): the first level, from the highest,
 * that the platform reaches in all 16 components and the PCE; the first that
 * the quoting enclave reaches; then both converge. No level: TCB_NOT_SUPPORTED.
 */
export function evaluateTcb(
  platform: PckPlatform,
  qeIsvSvn: number,
  collateral: { readonly tcbInfo: TcbInfo; readonly qeIdentity: EnclaveIdentity },
): TcbEvaluation {
  const { tcbInfo, qeIdentity } = collateral;
  const level = tcbInfo.tcbLevels.find((candidate) => reaches(platform, candidate));
  const qeLevel = qeIdentity.tcbLevels.find((candidate) => candidate.isvSvn <= qeIsvSvn);
  const shortfall = Object.freeze([...platformShortfall(platform, tcbInfo), ...qeShortfall(qeIsvSvn, qeIdentity)]);
  const platformStatus = level?.status ?? 'TCB_NOT_SUPPORTED';
  const qeStatus = qeLevel?.status ?? 'TCB_NOT_SUPPORTED';
  if (level === undefined || qeLevel === undefined) {
    return Object.freeze({
      status: 'TCB_NOT_SUPPORTED',
      platformStatus,
      qeStatus,
      advisoryIds: Object.freeze([]),
      shortfall,
    });
  }
  const advisoryIds = [...new Set([...level.advisoryIds, ...qeLevel.advisoryIds])].sort();
  return Object.freeze({
    status: converge(level.status, qeLevel.status),
    platformStatus,
    qeStatus,
    // Dates of one fixed form in UTC: their order is that of the text.
    tcbDate: level.tcbDate < qeLevel.tcbDate ? level.tcbDate : qeLevel.tcbDate,
    advisoryIds: Object.freeze(advisoryIds),
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

function reaches(platform: PckPlatform, level: TcbLevel): boolean {
  return (
    platform.pceSvn >= level.pceSvn &&
    level.components.every(({ svn }, index) => (platform.tcbComponents[index] ?? -1) >= svn)
  );
}

function platformShortfall(platform: PckPlatform, { tcbLevels }: TcbInfo): readonly Shortfall[] {
  const [highest] = tcbLevels;
  if (highest === undefined) return [];
  const short: Shortfall[] = [];
  for (const [index, { svn: needs, ...words }] of highest.components.entries()) {
    const has = platform.tcbComponents[index] ?? 0;
    if (has < needs) short.push(Object.freeze({ component: 'sgx', index, has, needs, ...words }));
  }
  const { pceSvn } = platform;
  if (pceSvn < highest.pceSvn) {
    short.push(Object.freeze({ component: 'pce', index: 0, has: pceSvn, needs: highest.pceSvn }));
  }
  return short;
}

function qeShortfall(has: number, { tcbLevels }: EnclaveIdentity): readonly Shortfall[] {
  const needs = tcbLevels[0]?.isvSvn ?? 0;
  return has < needs ? [Object.freeze({ component: 'qe', index: 0, has, needs })] : [];
}

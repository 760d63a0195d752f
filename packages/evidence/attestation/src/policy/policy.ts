import type { DatedPart, DocumentPart } from '../dcap/collateral-dates.ts';
import type { QuoteStatus } from '../dcap/tcb/tcb-status.ts';

/** Statuses that a policy may accept. The others end trust, as in Intel's QvE. */
export type AcceptableStatus = Exclude<QuoteStatus, 'REVOKED' | 'TCB_NOT_SUPPORTED'>;

/** An advisory by its id (INTEL-SA-00615), for ever or until a date like 2026-06-01T00:00:00Z. */
export type AdvisoryRule = string | { readonly id: string; readonly until: string };

/** One duration for all parts, or one for each that is named; `default` is for the others. */
export type DurationsMs<Part extends string> =
  | number
  | ({ readonly [P in Part]?: number } & { readonly default?: number });

/** Rules for quotes of every TEE. All of a policy can be written as JSON. */
interface QuoteRules {
  /** For editors: where the JSON Schema is. */
  readonly $schema?: string;
  /**
   * The TCB statuses to accept. For one other than OK, every advisory of the
   * verdict must be in `acceptedAdvisoryIds` as well. For a TD 1.5 the present
   * status counts too.
   */
  readonly acceptedStatuses: readonly AcceptableStatus[];
  /** Accept platforms under Intel's root. */
  readonly intelRoot: boolean;
  /** Accept software platforms under these roots, by fingerprint. Default: none. */
  readonly softwareRoots?: readonly string[];
  /** Advisories that the relying party has dealt with, and until when that holds. Default: none. */
  readonly acceptedAdvisoryIds?: readonly AdvisoryRule[];
  /** Advisories that are refused whatever the status is, and until when. Default: none. */
  readonly refusedAdvisoryIds?: readonly AdvisoryRule[];
  /** Accept an enclave or a trust domain whose memory a debugger can read. Default: false. */
  readonly allowDebug?: boolean;
  /** How long expired collateral stays acceptable. Default: 0. */
  readonly expiredCollateralGraceMs?: DurationsMs<DatedPart>;
  /**
   * How long ago a document of the collateral may have been issued: old ones,
   * replayed within their dates, would hide a revocation. Default: any time ago.
   */
  readonly maximumCollateralAgeMs?: DurationsMs<DocumentPart>;
  /** Accept certificates and collateral that begin after the time of verification. Default: false. */
  readonly allowNotYetValid?: boolean;
  /** The clock is wrong if it is before this (a Date, or 2026-06-01T00:00:00Z). For an enclave, whose clock is the host's. */
  readonly timeFloor?: Date | string;
  /** The lowest TCB evaluation data number, of TCB info and QE identity, to accept. */
  readonly minimumTcbEvaluationDataNumber?: number;
}

interface SgxRules extends QuoteRules {
  readonly tee?: 'sgx';
  /** The lowest ISVSVN to accept. */
  readonly minimumSecurityVersion: number;
  /** With any of the next four, the enclave must have the attribute KSS (key separation and sharing). ISVEXTPRODID, 16 bytes of hex. */
  readonly extendedProductId?: readonly string[];
  /** ISVFAMILYID, 16 bytes of hex. */
  readonly familyId?: readonly string[];
  /** CONFIGID, 64 bytes of hex. */
  readonly configId?: readonly string[];
  /** The lowest CONFIGSVN to accept. */
  readonly minimumConfigSecurityVersion?: number;
}

interface ByEnclave {
  /** Enclaves to accept by MRENCLAVE, 32 bytes of hex each. */
  readonly mrEnclave: readonly string[];
  readonly mrSigner?: readonly string[];
  readonly productId?: number;
}

interface BySigner {
  readonly mrEnclave?: readonly string[];
  /** Signers to accept by MRSIGNER, 32 bytes of hex each. */
  readonly mrSigner: readonly string[];
  /** The ISVPRODID: a signer signs many products. */
  readonly productId: number;
}

/** What a relying party accepts of an SGX enclave. What it names must all hold. */
export type SgxPolicy = SgxRules & (ByEnclave | BySigner);

/** Values to accept, 48 bytes of hex each; or any, which must be explicit, because MRTD alone often covers only firmware. */
export type RuntimeMeasurementRule = readonly string[] | 'any';

/** What a relying party accepts of a trust domain. What it names must all hold. Measurements are 48 bytes of hex. */
export interface TdxPolicy extends QuoteRules {
  readonly tee: 'tdx';
  readonly mrTd: readonly string[];
  readonly rtmr0: RuntimeMeasurementRule;
  readonly rtmr1: RuntimeMeasurementRule;
  readonly rtmr2: RuntimeMeasurementRule;
  readonly rtmr3: RuntimeMeasurementRule;
  /** TDX modules to accept. Default: whatever the TCB info describes. */
  readonly mrSeam?: readonly string[];
  /** Service TDs (for migration, say) that may be bound. Default: none may be. */
  readonly mrServiceTd?: readonly string[];
  readonly mrConfigId?: readonly string[];
  readonly mrOwner?: readonly string[];
  readonly mrOwnerConfig?: readonly string[];
  /** Refuse a TD in which the host can cause exceptions (#VE) by taking pages away. Default: true. */
  readonly requireSeptVeDisable?: boolean;
}

import type { EnclaveIdentityJson } from '../collateral/enclave-identity.ts';
import type { QuoteCollateralJson } from '../collateral/quote-collateral.ts';
import type { ComponentTcbStatus, PlatformTcbStatus, TcbInfoJson } from '../collateral/tcb-info.ts';
import type { CertificateSpec } from '../pki/certificate.ts';
import type { ExtensionsChange } from '../pki/extensions.ts';
import type { Curve, KeyRing } from '../pki/keys.ts';
import type { RevocationListSpec } from '../pki/revocation-list.ts';
import type { PckIdentity, SgxExtensionChanges } from '../pki/sgx-extension.ts';
import type { BodyDescriptor, QuoteHeader, QuoteParts } from '../quote/quote.ts';
import type { SgxReportBody } from '../quote/sgx-report.ts';
import type { TdReport15Ex } from '../quote/td-report.ts';
import type { EvidenceKind } from './kinds.ts';

/** The certificates of a scenario; their keys have these names in the ring. */
export type Role = 'root' | 'intermediate' | 'pck' | 'tcbSigner' | 'identitySigner';

/** Where a security version stands: at the latest level, at the earliest, or below all. */
export type Position = 'latest' | 'earliest' | 'below';

/** Statuses of the two levels. */
export interface LevelStatuses<Status> {
  readonly latest?: Status;
  readonly earliest?: Status;
}

/** One TEE_TCB_SVN of a TD. */
export interface TdSvns {
  /** The components that are compared with the platform's levels. Default: `latest`. */
  readonly platform?: Position;
  /** The SVN of the TDX module, byte 0. Default: `latest`. */
  readonly module?: Position;
  /** Version of the TDX module, byte 1: 1 unless given. */
  readonly version?: number;
}

/** A name of a key in the ring: 'other' is one that nothing else uses. */
type KeyName = string;

export interface CertificateChanges extends Partial<Omit<CertificateSpec, 'key' | 'issuerKey' | 'extensions'>> {
  /** Certifies another key. */
  readonly key?: KeyName;
  /** Curve of the certified key: P-256 unless given. */
  readonly curve?: Curve;
  /** Signs with another key. */
  readonly signedBy?: KeyName;
  readonly extensions?: ExtensionsChange;
}

export interface ListChanges extends Partial<Omit<RevocationListSpec, 'issuerKey' | 'extensions'>> {
  readonly signedBy?: KeyName;
  readonly extensions?: ExtensionsChange;
  /** Adds these certificates to what is revoked. */
  readonly revokes?: readonly Role[];
}

/** Gets a list of certificates in DER, leaf first. */
export type ChainChange = (good: readonly Uint8Array[]) => readonly Uint8Array[];

/**
 * How a scenario differs from a good one. Changes named by what they make are
 * made before anything is signed, so that all signatures hold; `signedQuote`,
 * `quoteBytes` and `collateral` change what was signed.
 */
export interface ScenarioChanges {
  /** `sgx-v3` unless given. */
  readonly kind?: EvidenceKind;
  /** The ring of the process unless given. */
  readonly keys?: KeyRing;
  /** The time of verification: 2026-01-15 unless given. */
  readonly at?: Date;

  /** TCB components of the PCK certificate. */
  readonly platform?: Position;
  /** PCESVN of the PCK certificate: as `platform` unless given. */
  readonly pce?: Position;
  /** ISVSVN of the quoting enclave. */
  readonly qe?: Position;
  /** TEE_TCB_SVN: what the TD was launched with. */
  readonly launch?: TdSvns;
  /** TEE_TCB_SVN2 of a TD 1.5: what is loaded now. As `launch` unless given. */
  readonly current?: TdSvns;
  /** UpToDate and OutOfDate unless given, as those below. */
  readonly platformStatuses?: LevelStatuses<PlatformTcbStatus>;
  readonly moduleStatuses?: LevelStatuses<ComponentTcbStatus>;
  readonly qeStatuses?: LevelStatuses<ComponentTcbStatus>;

  /** Which CA issues the PCK certificate: that of multi-socket platforms unless given. */
  readonly ca?: 'platform' | 'processor';
  readonly identity?: Partial<PckIdentity>;
  readonly sgxExtension?: SgxExtensionChanges;
  readonly certificates?: Partial<Record<Role, CertificateChanges>>;
  readonly rootCrl?: ListChanges;
  readonly pckCrl?: ListChanges;
  readonly pckChain?: ChainChange;
  readonly tcbInfoChain?: ChainChange;
  readonly identityChain?: ChainChange;
  /** The value whose JSON is signed. */
  readonly tcbInfo?: (good: TcbInfoJson) => unknown;
  /** The exact text that is signed. */
  readonly tcbInfoText?: (good: string) => string;
  readonly qeIdentity?: (good: EnclaveIdentityJson) => unknown;
  readonly qeIdentityText?: (good: string) => string;

  readonly header?: Partial<QuoteHeader>;
  readonly descriptor?: Partial<BodyDescriptor>;
  /** The report of the enclave, in quotes of SGX. */
  readonly report?: Partial<SgxReportBody>;
  readonly td?: Partial<TdReport15Ex>;
  /** The encoded body. */
  readonly body?: (good: Uint8Array) => Uint8Array;
  readonly qeReport?: Partial<SgxReportBody>;
  readonly qeAuthData?: Uint8Array;
  /** 5 unless given. With another one, the chain lies beside the collateral. */
  readonly certificationType?: 1 | 2 | 3 | 4 | 5;
  readonly signedQuote?: (good: QuoteParts) => QuoteParts;
  readonly quoteBytes?: (good: Uint8Array) => Uint8Array;
  readonly collateral?: (good: QuoteCollateralJson) => QuoteCollateralJson;
}

export function same<T>(good: T): T {
  return good;
}

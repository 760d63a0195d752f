import type { SnpRoot } from '@enclos/attestation';
import type { HistoricalState, HistoricalView, LedgerView, ReceiptJson } from '@enclos/ledger-history';
import type { ScriptEngine } from '@enclos/script';

export type { HistoricalState, HistoricalView, LedgerView, ReceiptJson };

export type LogLevel = 'info' | 'warn' | 'error';

/** Whose endorsements of utility VMs are accepted. */
export interface UvmRoot {
  /** `did:x509:0:sha256:DIGEST::eku:OID`. */
  readonly did: string;
  readonly feed: string;
  /** The lowest security version. */
  readonly svn: number;
}

/** What scripts reach through the global `ccf`, beyond the transaction of their call. */
export interface ScriptServices {
  readonly ledger: LedgerView;
  readonly historical?: HistoricalView;
  /** Whose SEV-SNP reports `snp_attestation` accepts. Default: AMD's roots */
  readonly snpRoots?: readonly SnpRoot[];
  /** Default: Microsoft's, as in CCF */
  readonly uvmRoots?: readonly UvmRoot[];
  /** Takes the lines of `console`. Their length and their number in a call are bounded. */
  readonly log?: (level: LogLevel, line: string) => void;
}

/** What an application stands on. */
export interface AppFoundation extends ScriptServices {
  readonly engine: ScriptEngine;
}

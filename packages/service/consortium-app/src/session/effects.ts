/**
 * What an accepted proposal does to the service beyond tables (`ccf.node`, `ccf.network` in `apply`). The node supplies it; an
 * application never sees it.
 */
export interface GovernanceEffects {
  triggerLedgerRekey(): void;
  /** Certificates in PEM. */
  transitionServiceToOpen(previous: Uint8Array | undefined, next: Uint8Array): void;
  triggerRecoverySharesRefresh(): void;
  triggerLedgerChunk(): void;
  triggerSnapshot(): void;
  latestLedgerSecretSeqno(): number;
  /** A certificate in PEM over a signing request in PEM; `validFrom` is an ASN.1 time. */
  generateEndorsedCertificate(request: string, validFrom: string, days: number): string;
  generateNetworkCertificate(validFrom: string, days: number): string;
}

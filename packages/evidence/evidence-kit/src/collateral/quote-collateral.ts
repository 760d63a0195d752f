/** Collateral as JSON, in the shape that `dcap-qvl` calls QuoteCollateralV3. */
export interface QuoteCollateralJson {
  readonly version: 3;
  /** PEM: PCK CA, then root. */
  readonly pck_crl_issuer_chain: string;
  /** Hex of DER. */
  readonly root_ca_crl: string;
  /** Hex of DER. */
  readonly pck_crl: string;
  /** PEM: TCB signing certificate, then root. */
  readonly tcb_info_issuer_chain: string;
  /** The signed JSON text. */
  readonly tcb_info: string;
  /** Hex of r then s. */
  readonly tcb_info_signature: string;
  /** PEM: TCB signing certificate, then root. */
  readonly qe_identity_issuer_chain: string;
  /** The signed JSON text. */
  readonly qe_identity: string;
  /** Hex of r then s. */
  readonly qe_identity_signature: string;
  /** PEM: PCK certificate, PCK CA, root. Present when the quote does not carry them. */
  readonly pck_certificate_chain?: string;
}

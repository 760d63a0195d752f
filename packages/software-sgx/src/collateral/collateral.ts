import type { Vendor } from '../provisioning/vendor.ts';

/**
 * What a verifier needs beside the quote, in the shape that quote verifiers
 * share (QuoteCollateralV3). Chains are PEM, signer first; CRLs and signatures
 * hex; the JSON texts are the exact signed slices.
 */
export interface QuoteCollateral {
  readonly version: 3;
  readonly pck_crl_issuer_chain: string;
  readonly root_ca_crl: string;
  readonly pck_crl: string;
  readonly tcb_info_issuer_chain: string;
  readonly tcb_info: string;
  readonly tcb_info_signature: string;
  readonly qe_identity_issuer_chain: string;
  readonly qe_identity: string;
  readonly qe_identity_signature: string;
}

/** The vendor's collateral for every machine that it enrolled. Refresh the vendor first. */
export function collateralFor(vendor: Vendor): QuoteCollateral {
  const { documents } = vendor;
  return Object.freeze({
    version: 3,
    pck_crl_issuer_chain: pckIssuerChain(vendor),
    root_ca_crl: documents.rootCaCrl,
    pck_crl: documents.pckCrl,
    tcb_info_issuer_chain: signingChain(vendor),
    tcb_info: documents.tcbInfo,
    tcb_info_signature: documents.tcbInfoSignature,
    qe_identity_issuer_chain: signingChain(vendor),
    qe_identity: documents.qeIdentity,
    qe_identity_signature: documents.qeIdentitySignature,
  });
}

/** Platform CA, root. */
export function pckIssuerChain({ platformCaPem, rootPem }: Vendor): string {
  return platformCaPem + rootPem;
}

/** TCB signing certificate, root. */
export function signingChain({ tcbSigningPem, rootPem }: Vendor): string {
  return tcbSigningPem + rootPem;
}

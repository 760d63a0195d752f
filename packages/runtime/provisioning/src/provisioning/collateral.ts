import type { QuoteCollateral } from '@enclos/attestation';
import type { SignedDocuments } from './documents.ts';

/** The parts of a vendor that collateral is made from. */
export interface CollateralSource {
  readonly documents: SignedDocuments;
  readonly rootPem: string;
  readonly platformCaPem: string;
  readonly tcbSigningPem: string;
}

/**
 * The vendor's collateral for every machine that it enrolled, in the shape that
 * quote verifiers share (QuoteCollateralV3). Refresh the vendor first.
 */
export function collateralFor(vendor: CollateralSource): QuoteCollateral & { readonly version: 3 } {
  const { documents } = vendor;
  return Object.freeze({
    version: 3 as const,
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
export function pckIssuerChain({ platformCaPem, rootPem }: CollateralSource): string {
  return platformCaPem + rootPem;
}

/** TCB signing certificate, root. */
export function signingChain({ tcbSigningPem, rootPem }: CollateralSource): string {
  return tcbSigningPem + rootPem;
}

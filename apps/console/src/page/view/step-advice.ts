import type { AzureDocumentStepId } from '@enclos/attestation';

/** For every step without other advice. */
const notGenuine = 'Do not trust it: something is not what it pretends to be. If it was copied by hand, copy it again.';
const otherCollateral =
  'Get the collateral of this platform: the FMSPC and the certificate authority are in the PCK certificate below.';
const fetchAgain = 'Fetch the collateral again, byte for byte as it is served.';
const revoked = 'Do not trust it: the vendor withdrew the certificate of this platform.';
const amdChain =
  'Take the certificates of this chip, or of this provider, from AMD’s key service: signing key, authority and root.';

/** What a user can do about a step that refused. */
const advice: Readonly<Partial<Record<AzureDocumentStepId | 'certificate-binding', string>>> = {
  'quote-format': 'Check that this is a whole DCAP quote of version 3, 4 or 5; the fields below end where it does.',
  'pck-chain-shape': 'The quote must carry a PCK certificate, its authority and the root, in this order.',
  'trusted-root':
    'Choose the root of the platform, if you trust it. A quote of a software platform needs that platform’s root certificate.',
  'root-crl': fetchAgain,
  'pck-crl': otherCollateral,
  'intermediate-revocation': revoked,
  'pck-revocation': revoked,
  'tcb-signing-chain': fetchAgain,
  'tcb-info-signature': fetchAgain,
  'qe-identity-signing-chain': fetchAgain,
  'qe-identity-signature': fetchAgain,
  'tcb-info-match': otherCollateral,
  'tdx-module-match':
    'Fetch newer collateral. If that refuses too, do not trust it: the TDX module is not one that Intel describes.',
  'qe-identity-match':
    'Take the QE identity of the TEE of the quote, SGX or TDX. If it is that, do not trust it: its quoting enclave is a stranger.',
  'tcb-evaluation': otherCollateral,
  'collateral-dates': fetchAgain,
  'snp-report-format': 'Check that this is a whole report: 1184 bytes, of version 2, 3 or 5, and signed.',
  'snp-chain-shape': amdChain,
  'snp-trusted-root':
    'Choose AMD’s roots, if you trust them. If they are chosen, do not trust it: the root is a stranger’s.',
  'snp-product': amdChain,
  'snp-revocation': 'If the list is the one of this root, do not trust it: AMD withdrew a certificate of its chain.',
  'snp-report-signature': amdChain,
  'snp-tcb': 'The certificate is of another version of the firmware: take the one for the reported TCB below.',
  'snp-chip': amdChain,
  'snp-dates': fetchAgain,
  'vtpm-document': 'Take the evidence as the attester wrote it: version 1 of its JSON, with hcl_report and tpm_quote.',
  'vtpm-hcl-report': 'Read NV index 0x01400001 of the TPM again; the fields below end where it does.',
  'vtpm-hardware':
    'Ask for report or TD quote of this very machine. If it is that, do not trust it: the guest asked for it, not the paravisor.',
  'vtpm-quote-format': 'Quote the SHA-256 bank with the attestation key, whose handle is 0x81000003.',
  'vtpm-quote-signature': 'Do not trust it: another key than the one that the hardware vouches for signed the quote.',
  'vtpm-pcr-digest': 'Take quote and PCR values together: what stands beside the quote is not what was quoted.',
  'certificate-binding': 'Do not trust the server: its certificate holds the evidence of another server.',
};

export function stepAdvice(step: string): string {
  const known: Readonly<Record<string, string | undefined>> = advice;
  return known[step] ?? notGenuine;
}

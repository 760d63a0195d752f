/** The types of attestation for which Azure Attestation has a policy. */
export type AttestationType = 'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm' | 'Tpm' | 'AzureGuest';

/** The text of a policy for each type of attestation. */
export type PolicyTexts = Readonly<Record<AttestationType, string>>;

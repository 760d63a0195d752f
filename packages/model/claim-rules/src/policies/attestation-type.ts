/** What Azure Attestation has a policy for. */
export type AttestationType = 'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm' | 'Tpm' | 'AzureGuest';

/** The text of a policy for each type of attestation. */
export type PolicyTexts = Readonly<Record<AttestationType, string>>;

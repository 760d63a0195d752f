import type { AppraisalPolicy, AzureMachinePolicy, SgxPolicy, SnpPolicy, TdxPolicy } from '@enclos/attestation';

/** A policy for quotes, for SEV-SNP reports or for Azure VMs. */
export type AnyPolicy =
  | { readonly kind: 'dcap'; readonly rules: SgxPolicy | TdxPolicy }
  | { readonly kind: 'snp'; readonly rules: SnpPolicy }
  | { readonly kind: 'azure'; readonly rules: AzureMachinePolicy };

/** The evidence that a policy is for, as verdicts name it. A policy that names no TEE is for SGX. */
export function teeOf({ rules }: AnyPolicy): NonNullable<AnyPolicy['rules']['tee']> {
  return rules.tee ?? 'sgx';
}

/** Marks which appraisal a policy belongs to. */
export function withKind(rules: AppraisalPolicy): AnyPolicy {
  return rules.tee === 'sev-snp' ? { kind: 'snp', rules } : { kind: 'dcap', rules };
}

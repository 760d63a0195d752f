import { misused } from '../refusal/refusal.ts';
import type { VerificationStep } from '../refusal/steps.ts';
import type { AzureVmConfiguration } from './runtime-data.ts';
import type { TpmQuoteFacts } from './tpm-quote.ts';

declare const verdictBrand: unique symbol;

/** A verdict on the hardware below the paravisor. */
export interface HardwareFacts {
  readonly tee: string;
  /** `reportData`: 64 bytes of hex. */
  readonly report: { readonly reportData: string };
}

/** What a verified TPM quote says. */
export interface TpmFacts extends TpmQuoteFacts {
  /** The values that the quote covers, 32 bytes of hex each, by the number of the PCR. */
  readonly pcrs: Readonly<Record<number, string>>;
}

/** The facts of verified evidence of an Azure confidential VM. */
export interface AzureVerdictFacts<Hardware extends HardwareFacts> {
  readonly tee: 'azure-vtpm';
  /** The verdict on the evidence of the hardware: about the paravisor, not about the guest. */
  readonly hardware: Hardware;
  /** How the virtual machine is configured. */
  readonly vmConfiguration: AzureVmConfiguration;
  /** 64 bytes of hex, or empty: what the guest had the paravisor put into its evidence. */
  readonly userData: string;
  /** Hex of SHA-256 of the attestation key's SubjectPublicKeyInfo. */
  readonly attestationKey: string;
  readonly tpm: TpmFacts;
  /** What was checked, in order. */
  readonly steps: readonly VerificationStep[];
}

/** The cryptographic truth about the evidence of an Azure VM. Whether it is good enough is for `appraiseAzure`. */
export interface AzureVerdict<Hardware extends HardwareFacts> extends AzureVerdictFacts<Hardware> {
  readonly [verdictBrand]: true;
}

const made = new WeakSet<object>();

/** For the verifier. The facts must be frozen in depth, and hold no bytes, which nothing freezes. */
export function makeAzureVerdict<Hardware extends HardwareFacts>(
  facts: AzureVerdictFacts<Hardware>,
): AzureVerdict<Hardware> {
  // The brand exists for the compiler only; `made` is what holds at run time.
  const verdict = Object.freeze({ ...facts }) as AzureVerdict<Hardware>;
  made.add(verdict);
  return verdict;
}

/** @throws VERIFIER_MISUSED for an object that the verifier did not make. */
export function azureFactsOf<Hardware extends HardwareFacts>(
  verdict: AzureVerdict<Hardware>,
): AzureVerdictFacts<Hardware> {
  if (!made.has(verdict)) misused('The verdict is not a result of verifyAzureSnp or verifyAzureTdx.');
  return verdict;
}

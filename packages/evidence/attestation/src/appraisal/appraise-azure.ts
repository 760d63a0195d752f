import { fromHex, toHex } from '@enclos/codec';
import { readBinding, refuseByRule, requireListed, type Unbound } from './appraisal-rules.ts';
import { appraise, type VerifiedEvidence } from './appraise.ts';
import type { ReportDataBinding, UnboundBinding } from './binding.ts';
import { appraiseSnp, type VerifiedSnpEvidence } from './appraise-snp.ts';
import type { TdxPolicy } from '../policy/policy.ts';
import type { SnpPolicy } from '../policy/snp-policy.ts';
import type { SnpVerdict } from '../snp/verdict.ts';
import type { QuoteVerdict } from '../dcap/verdict.ts';
import {
  completeAzurePolicy,
  inHardware,
  splitMachinePolicy,
  type AzureMachinePolicy,
  type AzurePolicy,
  type CompleteAzurePolicy,
} from '../policy/azure-policy.ts';
import { azureFactsOf, type AzureVerdict, type AzureVerdictFacts, type HardwareFacts } from '../vtpm/verdict.ts';

declare const evidenceBrand: unique symbol;

/** The qualifying data that the TPM must have quoted: the nonce. */
export interface NonceBinding {
  readonly nonce: Uint8Array;
}

interface AzureEvidenceFacts<Hardware extends HardwareFacts, HardwareEvidence> {
  readonly tee: 'azure-vtpm';
  /** What `appraiseHardware` returned. */
  readonly hardware: HardwareEvidence;
  /** `nonce`: the quote was made for it. Otherwise nothing was expected, and why. */
  readonly binding: { readonly kind: 'nonce' } | Unbound;
  readonly verdict: AzureVerdict<Hardware>;
}

/** Evidence that a relying party's policy accepted. Only `appraiseAzure` makes one. */
export interface VerifiedAzureEvidence<Hardware extends HardwareFacts, HardwareEvidence> extends AzureEvidenceFacts<
  Hardware,
  HardwareEvidence
> {
  readonly [evidenceBrand]: true;
}

export interface AppraiseAzureOptions<Hardware, HardwareEvidence> {
  /**
   * Appraises the hardware's verdict: `appraiseSnp` or `appraise` with the
   * policy for the paravisor. Gets the binding that ties it to the vTPM. Must
   * throw for a verdict that is not good enough.
   */
  readonly appraiseHardware: (hardware: Hardware, binding: ReportDataBinding) => HardwareEvidence;
}

const made = new WeakSet<object>();

/**
 * Decides whether the evidence of an Azure VM is good enough: its hardware,
 * what it booted, and that it answers this nonce.
 *
 * @throws APPRAISAL_REFUSED; `details` hold the rule as `field`, and `expected` and `got`.
 * @throws VERIFIER_MISUSED for a verdict of another origin or a malformed binding.
 */
export function appraiseAzure<Hardware extends HardwareFacts, HardwareEvidence>(
  verdict: AzureVerdict<Hardware>,
  policy: AzurePolicy,
  binding: NonceBinding | UnboundBinding,
  { appraiseHardware }: AppraiseAzureOptions<Hardware, HardwareEvidence>,
): VerifiedAzureEvidence<Hardware, HardwareEvidence> {
  const facts = azureFactsOf(verdict);
  const rules = completeAzurePolicy(policy);
  checkConfiguration(facts, rules);
  for (const [number, accepted] of rules.pcrs) {
    requireListed(`pcrs.${number}`, accepted, facts.tpm.pcrs[number] ?? 'not quoted');
  }
  const bound = checkNonce(facts.tpm.qualifyingData, binding);
  const hardware = appraiseHardware(facts.hardware, { reportData: fromHex(facts.hardware.report.reportData) });
  // The brand exists for the compiler only; `made` is what holds at run time.
  const evidence = Object.freeze({
    tee: 'azure-vtpm',
    hardware,
    binding: bound,
    verdict,
  } satisfies AzureEvidenceFacts<Hardware, HardwareEvidence>) as VerifiedAzureEvidence<Hardware, HardwareEvidence>;
  made.add(evidence);
  return evidence;
}

/** Evidence of an Azure VM that a policy for the whole machine accepted. */
export type VerifiedMachineEvidence = VerifiedAzureEvidence<
  SnpVerdict | QuoteVerdict,
  VerifiedSnpEvidence | VerifiedEvidence
>;

/**
 * `appraiseAzure` by one policy for vTPM and hardware, as a file has it.
 *
 * @param options `now`: the relying party's time; dates of the hardware's collateral are compared with it again.
 * @throws APPRAISAL_REFUSED; the `field` of a rule for the hardware begins with `hardware.`.
 * @throws VERIFIER_MISUSED for a verdict of another origin or a malformed binding.
 */
export function appraiseAzureMachine(
  verdict: AzureVerdict<SnpVerdict> | AzureVerdict<QuoteVerdict>,
  policy: AzureMachinePolicy,
  binding: NonceBinding | UnboundBinding,
  options: { readonly now: Date },
): VerifiedMachineEvidence {
  const { vtpm, hardware: rules } = splitMachinePolicy(policy);
  const appraiseHardware = (
    hardware: SnpVerdict | QuoteVerdict,
    bound: ReportDataBinding,
  ): VerifiedSnpEvidence | VerifiedEvidence =>
    inHardware(() =>
      // Each of both refuses a policy for the other.
      hardware.tee === 'sev-snp'
        ? appraiseSnp(hardware, rules as SnpPolicy, bound, options)
        : appraise(hardware, rules as TdxPolicy, bound, options),
    );
  return appraiseAzure<SnpVerdict | QuoteVerdict, VerifiedSnpEvidence | VerifiedEvidence>(verdict, vtpm, binding, {
    appraiseHardware,
  });
}

/** True for an object that `appraiseAzure` of this copy of the package made: for borders that untyped callers cross. */
export function isVerifiedAzureEvidence(value: unknown): value is VerifiedAzureEvidence<HardwareFacts, unknown> {
  return typeof value === 'object' && value !== null && made.has(value);
}

function checkConfiguration(
  { vmConfiguration, userData }: AzureVerdictFacts<HardwareFacts>,
  rules: CompleteAzurePolicy,
): void {
  const { secureBoot = false, consoleEnabled = true, vmUniqueId = '' } = vmConfiguration;
  if (rules.requireSecureBoot && !secureBoot) refuseByRule('requireSecureBoot', 'secure boot', 'no secure boot');
  if (consoleEnabled && rules.allowConsole !== true) {
    refuseByRule('allowConsole', 'no serial console', 'a serial console');
  }
  requireListed('vmUniqueIds', rules.vmUniqueIds, vmUniqueId);
  requireListed('userData', rules.userData, userData);
}

function checkNonce(
  qualifyingData: string,
  binding: NonceBinding | UnboundBinding,
): { readonly kind: 'nonce' } | Unbound {
  const expected = readBinding(binding, 'nonce');
  if (!(expected instanceof Uint8Array)) return expected;
  if (toHex(expected) !== qualifyingData) refuseByRule('binding', 'the expected nonce', 'another nonce');
  return Object.freeze({ kind: 'nonce' });
}

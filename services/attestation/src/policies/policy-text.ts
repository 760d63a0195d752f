import { codeFrame, defaultPolicies, parsePolicy, PolicyError, strictPolicies } from '@enclos/claim-rules';
import { Refusal } from '@enclos/service/refusal';
import '../errors.ts';
import type { AttestationType, TenantConfiguration } from '../configuration/configuration.ts';

/** More mistakes than an author corrects at once, and more text than a message should have. */
const most = { frames: 5, characters: 4096 };

/** The policy of a type that has none set. */
export function defaultPolicy(
  type: AttestationType,
  { defaultPolicies: kind }: Pick<TenantConfiguration, 'defaultPolicies'>,
): string {
  return (kind === 'azure' ? defaultPolicies : strictPolicies)[type];
}

/** @throws ATTESTATION_POLICY_INVALID, with the place of each mistake */
export function checkPolicyText(text: string): void {
  try {
    parsePolicy(text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const frames = error.diagnostics.slice(0, most.frames).map((diagnostic) => codeFrame(diagnostic, text));
    const message = frames.length === 0 ? error.message : frames.join('\n\n');
    throw new Refusal('ATTESTATION_POLICY_INVALID', message.slice(0, most.characters), {
      cause: error,
      explanation: { rule: 'policy-text', reason: error.code },
    });
  }
}

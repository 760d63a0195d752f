import { declareErrors } from '@enclos/errors';

export const claimRuleErrors = declareErrors({
  CLAIM_RULES_SYNTAX: [
    'usage',
    'The text is not written in the claim-rule language.',
    'Correct the places that the diagnostics point at; `enclos policy check` shows them.',
  ],
  CLAIM_RULES_INVALID: [
    'usage',
    'The policy is well-formed, but a rule in it has no meaning.',
    'Correct the places that the diagnostics point at: an unknown name, an action in a section that forbids it, a feature of a later version.',
  ],
  CLAIM_RULES_LIMIT: [
    'usage',
    'The policy, the claims or the work that they make are larger than the limit that the message names.',
    'Make the policy simpler; the caller may raise the limit if the policy is its own.',
  ],
  CLAIM_RULES_EVALUATION: [
    'usage',
    'A rule could not be carried out on these claims, so nothing is permitted.',
    'Correct the rule that the diagnostic points at, or test before it that the claims have the types that it needs.',
  ],
  CLAIM_RULES_ARGUMENT: [
    'usage',
    'A claim or a limit is not valid.',
    'Give claims with a type, a value (text, a safe integer or a boolean) and a known issuer, and limits above zero.',
  ],
  CLAIM_RULES_REFUSED: [
    'policy',
    'The policy does not permit these claims.',
    'Read which rule denied, or why no rule permitted: `enclos policy test --trace` tells it.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof claimRuleErrors, true> {}
}

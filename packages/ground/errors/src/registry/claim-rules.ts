import type { ErrorArea } from './kinds.ts';

/** In browsers and enclaves these come with `@enclos/claim-rules`: see `entry` of {@link ErrorOptions}. */
export const claimRuleErrors = {
  CLAIM_RULES_SYNTAX: {
    kind: 'usage',
    summary: 'The text is not written in the claim-rule language.',
    next: 'Correct the places that the diagnostics point at; `enclos policy check` shows them.',
  },
  CLAIM_RULES_INVALID: {
    kind: 'usage',
    summary: 'The policy is well written, but a rule in it cannot mean anything.',
    next: 'Correct the places that the diagnostics point at: a name that nothing bears, an action in a section that forbids it, a feature of a later version.',
  },
  CLAIM_RULES_LIMIT: {
    kind: 'usage',
    summary: 'The policy, the claims or the work that they make are larger than the limit that the message names.',
    next: 'Make the policy simpler; the caller may raise the limit if the policy is its own.',
  },
  CLAIM_RULES_EVALUATION: {
    kind: 'usage',
    summary: 'A rule could not be carried out on these claims, so nothing is permitted.',
    next: 'Correct the rule that the diagnostic points at, or test before it that the claims are what it takes.',
  },
  CLAIM_RULES_ARGUMENT: {
    kind: 'usage',
    summary: 'A claim or a limit that was given is not one.',
    next: 'Give claims with a type, a value (text, a safe integer or a boolean) and a known issuer, and limits above zero.',
  },
  CLAIM_RULES_REFUSED: {
    kind: 'policy',
    summary: 'The policy does not permit these claims.',
    next: 'Read which rule denied, or why no rule permitted: `enclos policy test --trace` tells it.',
  },
} as const satisfies ErrorArea;

import type { ErrorArea } from './kinds.ts';

/** By itself, since only enclaves that release secrets hold them. These errors bring their entry along. */
export const attestationReleaseErrors = {
  RELEASE_POLICY_INVALID: {
    kind: 'usage',
    summary: 'The text is not a key release policy.',
    next: 'Correct the policy at details.pointer; the message says what may stand there.',
  },
  RELEASE_REFUSED: {
    kind: 'policy',
    summary: 'The token does not satisfy the release policy of the secret.',
    next: 'Compare the conditions that details.reasons lists with the claims of the token.',
  },
  RELEASE_KEY_REFUSED: {
    kind: 'refused',
    summary: 'The secret cannot be wrapped to the key of the requester.',
    next: 'Let the attested code make a key as details.rule wants it, and put it into its runtime data.',
  },
  RELEASE_MISUSED: {
    kind: 'usage',
    summary: 'The release of a secret was called with something it cannot work with.',
    next: 'Correct the call; the message says what is wrong.',
  },
} as const satisfies ErrorArea;

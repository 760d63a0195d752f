import { declareErrors, EnclosError } from '@enclos/errors';

export const attestationReleaseErrors = declareErrors({
  RELEASE_POLICY_INVALID: [
    'usage',
    'The text is not a key release policy.',
    'Correct the policy at details.pointer; the message says what may stand there.',
  ],
  RELEASE_REFUSED: [
    'policy',
    'The token does not satisfy the release policy of the secret.',
    'Compare the conditions that details.reasons lists with the claims of the token.',
  ],
  RELEASE_KEY_REFUSED: [
    'refused',
    'The secret cannot be wrapped to the key of the requester.',
    'Let the attested code make a key as details.rule wants it, and put it into its runtime data.',
  ],
  RELEASE_MISUSED: [
    'usage',
    'The release of a secret was called with an argument that it cannot use.',
    'Correct the call; the message says what is wrong.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationReleaseErrors, true> {}
}

/** @throws RELEASE_POLICY_INVALID always. @param pointer RFC 6901. */
export function refusePolicy(pointer: string, message: string, cause?: unknown): never {
  const where = pointer === '' ? 'The policy' : pointer;
  throw new EnclosError('RELEASE_POLICY_INVALID', `${where}: ${message}.`, { details: { pointer }, cause });
}

/** @throws RELEASE_KEY_REFUSED always. */
export function refuseKey(rule: string, message: string, cause?: unknown): never {
  throw new EnclosError('RELEASE_KEY_REFUSED', message, { details: { rule }, cause });
}

/** @throws RELEASE_MISUSED always. */
export function misused(message: string): never {
  throw new EnclosError('RELEASE_MISUSED', message);
}

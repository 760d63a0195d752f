import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { attestationReleaseErrors } from '@enclos/errors/attestation-release';

type ReleaseErrorCode = keyof typeof attestationReleaseErrors;

interface Facts {
  readonly message: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** The entry comes along, since the registry inside enclaves does not hold it. */
export function releaseError(code: ReleaseErrorCode, { message, ...rest }: Facts): EnclosError {
  return new EnclosError(code, message, { ...rest, entry: attestationReleaseErrors[code] });
}

/** @throws RELEASE_POLICY_INVALID always. @param pointer RFC 6901. */
export function refusePolicy(pointer: string, message: string, cause?: unknown): never {
  const where = pointer === '' ? 'The policy' : pointer;
  throw releaseError('RELEASE_POLICY_INVALID', { message: `${where}: ${message}.`, details: { pointer }, cause });
}

/** @throws RELEASE_KEY_REFUSED always. */
export function refuseKey(rule: string, message: string, cause?: unknown): never {
  throw releaseError('RELEASE_KEY_REFUSED', { message, details: { rule }, cause });
}

/** @throws RELEASE_MISUSED always. */
export function misused(message: string): never {
  throw releaseError('RELEASE_MISUSED', { message });
}

import { EnclosError } from '@enclos/errors';
import { attestationTokenErrors } from '@enclos/errors/attestation-tokens';

/** An error of tokens and evidence. Its entry comes along, since other enclaves do not hold it. */
export function tokenError(code: keyof typeof attestationTokenErrors, message: string, cause?: unknown): EnclosError {
  return new EnclosError(code, message, { cause, entry: attestationTokenErrors[code] });
}

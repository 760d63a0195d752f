import { EnclosError, type ErrorDetails } from '@enclos/errors';
import { attestationServiceErrors } from '@enclos/errors/attestation-service';
import { attestationStateErrors } from '@enclos/errors/attestation-state';
import { serviceErrors } from '@enclos/errors/service';

type StateErrorCode = keyof typeof attestationStateErrors;

interface Facts {
  readonly message?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** An error about state, store or peers. Its entry comes along, since other enclaves do not hold it. */
export function stateError(code: StateErrorCode, { message, ...rest }: Facts = {}): EnclosError {
  const entry = attestationStateErrors[code];
  return new EnclosError(code, message ?? entry.summary, { ...rest, entry });
}

const ownErrors = {
  ...serviceErrors,
  ATTESTATION_ISSUER_UNREACHABLE: attestationServiceErrors.ATTESTATION_ISSUER_UNREACHABLE,
  ATTESTATION_IDENTITY_PROVIDER: attestationServiceErrors.ATTESTATION_IDENTITY_PROVIDER,
};

/** Any other error of a service. Its entry comes along, since other enclaves do not hold it. */
export function serviceError(code: keyof typeof ownErrors, { message, ...rest }: Facts = {}): EnclosError {
  const entry = ownErrors[code];
  return new EnclosError(code, message ?? entry.summary, { ...rest, entry });
}

/** What can be wrong with the state in a store. */
export type StateRule =
  | 'well-formed'
  | 'protection'
  | 'writer'
  | 'tenant'
  | 'configuration'
  | 'lost'
  | 'other-row'
  | 'older'
  | 'forked';

const found: Readonly<Record<StateRule, string>> = Object.freeze({
  'well-formed': 'The record is truncated or is no record.',
  protection: 'The record was not made by a replica of this service, or was made for another tenant or key.',
  writer: 'The record was signed by somebody who is no replica of this service.',
  tenant: 'The record is that of another tenant.',
  configuration: 'The record was written under another configuration of the tenant.',
  lost: 'The store holds nothing, and this replica knows that there was something.',
  'other-row': 'The row is not the one that the state of the tenant names.',
  older: 'The record is older than what this replica has seen, or than the floor in its configuration.',
  forked: 'The record does not descend from what this replica has seen, or from the floor in its configuration.',
});

/** @throws ATTESTATION_STATE_INVALID always. */
export function refuseState(rule: StateRule, cause?: unknown): never {
  throw stateError('ATTESTATION_STATE_INVALID', { message: found[rule], details: { rule }, cause });
}

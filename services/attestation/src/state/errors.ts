import { declareErrors, EnclosError, type ErrorDetails } from '@enclos/errors';

export const attestationStateErrors = declareErrors({
  ATTESTATION_STATE_INVALID: [
    'evidence',
    'The store does not hold the state that it was given: it was tampered with, is older than what was seen, or lost a part.',
    'Stop management calls, restore the newest store whose epoch and digest are those of the last management result, and start the replicas again; details.rule says what was found.',
  ],
  ATTESTATION_STATE_BUSY: [
    'transient',
    'Others changed the state each time that this replica wanted to.',
    'Ask again. If nobody else manages the tenant, look at the store: it refuses every write.',
  ],
  ATTESTATION_STATE_TOO_LARGE: [
    'usage',
    'Policies and certificates of the tenant are together larger than a record of the store.',
    'Shorten the policies, or reset those of attestation types that are not used.',
  ],
  ATTESTATION_STORE_UNAVAILABLE: [
    'transient',
    'The store did not answer, or could not write.',
    'Look at the disk or the database, and ask again; a change that failed like this may have been made.',
  ],
  ATTESTATION_STORE_REFUSED: [
    'usage',
    'The store cannot be used as it is.',
    'Correct what the message names: the address, the folder, who else uses it, or a damaged file.',
  ],
  ATTESTATION_PEER_REFUSED: [
    'evidence',
    'A certificate in the store is not that of a replica of this service.',
    'Look who writes to the store; replicas have one image, one configuration and one kind of platform. details.rule says what does not fit.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof attestationStateErrors, true> {}
}

type StateErrorCode = keyof typeof attestationStateErrors;

interface Facts {
  readonly message?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** An error about state, store or peers. */
export function stateError(code: StateErrorCode, { message, ...rest }: Facts = {}): EnclosError {
  return new EnclosError(code, message, rest);
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

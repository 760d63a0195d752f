import type { ErrorArea } from './kinds.ts';

/** State and store of the attestation service. Inside enclaves these come with the service: see `entry` of {@link ErrorOptions}. */
export const attestationStateErrors = {
  ATTESTATION_STATE_INVALID: {
    kind: 'evidence',
    summary:
      'The store does not hold the state that it was given: it was tampered with, is older than what was seen, or lost a part.',
    next: 'Stop management calls, restore the newest store whose epoch and digest are those of the last management result, and start the replicas again; details.rule says what was found.',
  },
  ATTESTATION_STATE_BUSY: {
    kind: 'transient',
    summary: 'Others changed the state each time that this replica wanted to.',
    next: 'Ask again. If nobody else manages the tenant, look at the store: it refuses every write.',
  },
  ATTESTATION_STATE_TOO_LARGE: {
    kind: 'usage',
    summary: 'Policies and certificates of the tenant are together larger than a record of the store.',
    next: 'Shorten the policies, or reset those of attestation types that are not used.',
  },
  ATTESTATION_STORE_UNAVAILABLE: {
    kind: 'transient',
    summary: 'The store did not answer, or could not write.',
    next: 'Look at the disk or the database, and ask again; a change that failed like this may have been made.',
  },
  ATTESTATION_STORE_REFUSED: {
    kind: 'usage',
    summary: 'The store cannot be used as it is.',
    next: 'Correct what the message names: the address, the folder, who else uses it, or a damaged file.',
  },
  ATTESTATION_PEER_REFUSED: {
    kind: 'evidence',
    summary: 'A certificate in the store is not that of a replica of this service.',
    next: 'Look who writes to the store; replicas have one image, one configuration and one kind of platform. details.rule says what does not fit.',
  },
} as const satisfies ErrorArea;

import { declareErrors, EnclosError } from '@enclos/errors';

/** Why a service refuses a request: the codes of `Refusal` that every service has. */
export const serviceErrors = declareErrors({
  SERVICE_REQUEST_INVALID: [
    'usage',
    'The request is malformed, or asks for something that the service does not accept.',
    'Correct the request; the message says what is wrong with it.',
  ],
  SERVICE_OPERATION_INVALID: [
    'usage',
    'The request is well-formed but does not fit what the service holds.',
    'Look at what the service holds, and ask for something that fits.',
  ],
  SERVICE_UNAUTHENTICATED: [
    'refused',
    'The caller did not prove who it is.',
    'Send a bearer token of the configured issuer, or use a known client certificate.',
  ],
  SERVICE_FORBIDDEN: [
    'refused',
    'The caller may not do this.',
    'Ask the operator of the service for the role that the call needs.',
  ],
  SERVICE_NOT_FOUND: [
    'usage',
    'The service has nothing of this name.',
    'Check the host name and the path; the OpenAPI document lists what there is.',
  ],
  SERVICE_METHOD_NOT_ALLOWED: [
    'usage',
    'The path does not take this method.',
    'Use one of the methods in details.allow.',
  ],
  SERVICE_RATE_LIMITED: [
    'transient',
    'The caller, or all callers together, sent more requests than the service takes.',
    'Wait for details.retryAfterSeconds, then try again.',
  ],
  SERVICE_NOT_IMPLEMENTED: [
    'usage',
    'The service does not offer this call, or does not offer it as it is configured.',
    'Use another call; the message says what is missing.',
  ],
});

/** What is wrong with the state of a service, its store, its peers or its surroundings: for its operator. */
export const serviceStateErrors = declareErrors({
  SERVICE_STATE_INVALID: [
    'evidence',
    'The store does not hold the state that it was given: it was tampered with, is older than what was seen, or lost a part.',
    'Stop management calls, restore the newest store whose epoch and digest are those of the last management result, and start the replicas again; details.rule says what was found.',
  ],
  SERVICE_STATE_BUSY: [
    'transient',
    'Other replicas changed the state each time that this replica tried to.',
    'Try again. If no other client changes the state, check the store: it refuses every write.',
  ],
  SERVICE_STATE_TOO_LARGE: [
    'usage',
    'The state is larger than a record of the store.',
    'Shorten or remove something that the service keeps, such as policies that are not used.',
  ],
  SERVICE_STORE_UNAVAILABLE: [
    'transient',
    'The store did not answer, or could not write.',
    'Check the disk or the database, and try again; a change that failed like this may have been made.',
  ],
  SERVICE_STORE_REFUSED: [
    'usage',
    'The store cannot be used as it is.',
    'Correct what the message names: the address, the folder, another user of it, or a damaged file.',
  ],
  SERVICE_PEER_REFUSED: [
    'evidence',
    'A certificate in the store is not that of a replica of this service.',
    'Find out what else writes to the store. Replicas have the same image, configuration and kind of platform; details.rule says what differs.',
  ],
  SERVICE_REPLICAS_UNSUPPORTED: [
    'usage',
    'This platform does not give quotes of SGX, by which replicas recognise each other.',
    'Run a single replica, or run the service on a platform with SGX.',
  ],
  SERVICE_REPLICAS_SOFTWARE: [
    'usage',
    'This enclave runs on a software platform, and its measured configuration allows replicas on hardware alone.',
    'Run it on hardware. For tests, allow replicas on software in the measured configuration and build the enclave again.',
  ],
  SERVICE_ADDRESS_UNUSABLE: [
    'usage',
    'The service cannot listen at an address.',
    'Choose another address, or end what listens there.',
  ],
  SERVICE_ISSUER_UNREACHABLE: [
    'transient',
    'The keys of the issuer of bearer tokens are not known, and it does not answer.',
    'Try again. If the error stays, check that the host reaches the issuer, or put its keys into the configuration.',
  ],
  SERVICE_IDENTITY_PROVIDER: [
    'transient',
    'The identity provider does not give its keys as OpenID Connect Discovery specifies.',
    'Check what the message names: the address in --identity-provider, the roots in certificateAuthorities, or the document of the issuer.',
  ],
});

/** Codes of the client of the Kubernetes API server. */
export const clusterErrors = declareErrors({
  SERVICE_CLUSTER_UNREACHABLE: [
    'transient',
    'The Kubernetes API server does not answer.',
    'Check the network of the pod and the token of its service account. The devices of a node agent work without it.',
  ],
  SERVICE_CLUSTER_REFUSED: [
    'refused',
    'The Kubernetes API server refused a request.',
    'Apply the roles that the manifests of the service have for its options. The devices of a node agent work without them.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes
    extends
      Record<keyof typeof serviceErrors, true>,
      Record<keyof typeof clusterErrors, true>,
      Record<keyof typeof serviceStateErrors, true> {}
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
  'well-formed': 'The record is truncated, or is not a record.',
  protection: 'The record was not made by a replica of this service, or was made for another tenant or key.',
  writer: 'The record was not signed by a replica of this service.',
  tenant: 'The record is that of another tenant.',
  configuration: 'The record was written under another configuration of the tenant.',
  lost: 'The store is empty, but this replica knows that it held a record.',
  'other-row': 'The row is not the one that the state of the tenant names.',
  older: 'The record is older than what this replica has seen, or than the floor in its configuration.',
  forked: 'The record does not descend from what this replica has seen, or from the floor in its configuration.',
});

/** @throws SERVICE_STATE_INVALID always. */
export function refuseState(rule: StateRule, cause?: unknown): never {
  throw new EnclosError('SERVICE_STATE_INVALID', found[rule], { details: { rule }, cause });
}

import type { ErrorArea } from './kinds.ts';

/** Why a service refuses a request. Inside enclaves these come with the service. */
export const serviceErrors = {
  SERVICE_REQUEST_INVALID: {
    kind: 'usage',
    summary: 'The request cannot be read, or says something that the service does not take.',
    next: 'Correct the request; the message says what is wrong with it.',
  },
  SERVICE_OPERATION_INVALID: {
    kind: 'usage',
    summary: 'The request can be read, and does not fit what the service holds.',
    next: 'Look at what the service holds, and ask for something that fits.',
  },
  SERVICE_UNAUTHENTICATED: {
    kind: 'refused',
    summary: 'The caller did not prove who it is.',
    next: 'Send a bearer token of the configured issuer, or use a known client certificate.',
  },
  SERVICE_FORBIDDEN: {
    kind: 'refused',
    summary: 'The caller may not do this.',
    next: 'Ask the operator of the service for the role that the call needs.',
  },
  SERVICE_NOT_FOUND: {
    kind: 'usage',
    summary: 'The service has nothing of this name.',
    next: 'Check the host name and the path; the OpenAPI document lists what there is.',
  },
  SERVICE_METHOD_NOT_ALLOWED: {
    kind: 'usage',
    summary: 'The path does not take this method.',
    next: 'Use one of the methods in details.allow.',
  },
  SERVICE_RATE_LIMITED: {
    kind: 'transient',
    summary: 'The caller, or all callers together, sent more requests than the service takes.',
    next: 'Wait for details.retryAfterSeconds, then try again.',
  },
  SERVICE_NOT_IMPLEMENTED: {
    kind: 'usage',
    summary: 'The service does not offer this call, or does not offer it as it is configured.',
    next: 'Use another call; the message says what is missing.',
  },
  SERVICE_REPLICAS_UNSUPPORTED: {
    kind: 'usage',
    summary: 'This platform does not give quotes of SGX, by which replicas recognise each other.',
    next: 'Run a single replica, or run the service on a platform with SGX.',
  },
  SERVICE_ADDRESS_UNUSABLE: {
    kind: 'usage',
    summary: 'The service cannot listen at an address.',
    next: 'Choose another address, or end what listens there.',
  },
} as const satisfies ErrorArea;

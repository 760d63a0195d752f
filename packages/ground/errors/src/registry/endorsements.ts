import type { ErrorArea } from './kinds.ts';

export const endorsementErrors = {
  ENDORSEMENTS_REQUEST_INVALID: {
    kind: 'usage',
    summary: 'The request for endorsements is not one that can be made.',
    next: 'Correct the platform, the source or the baseline; the message says which. Ask for early, standard or one evaluation number, not for two of them.',
  },
  ENDORSEMENTS_EVIDENCE_UNREADABLE: {
    kind: 'usage',
    summary: 'The evidence does not say which platform its endorsements are for.',
    next: 'Give a whole quote or report, or name the platform yourself.',
  },
  ENDORSEMENTS_UNREACHABLE: {
    kind: 'transient',
    summary: 'The collateral service could not be reached, or did not answer in time.',
    next: 'Check the address, the network and the TLS certificate of the service, and try again; or work from a bundle with --offline.',
  },
  ENDORSEMENTS_SOURCE_FAILED: {
    kind: 'transient',
    summary: 'The collateral service is busy or failed, and still was after the retries.',
    next: 'Try again later. details.status is what it answered, details.retryAfterSeconds how long it asked to wait.',
  },
  ENDORSEMENTS_SOURCE_REFUSED: {
    kind: 'refused',
    summary: 'The collateral service refused the request.',
    next: 'Read details.reason: a missing key for the service, or a parameter that it does not know.',
  },
  ENDORSEMENTS_NOT_FOUND: {
    kind: 'refused',
    summary: 'The collateral service does not have what was asked for.',
    next: "Check the FMSPC and the CA. A PCCS has to know the platform first: register it there, or ask Intel's service.",
  },
  ENDORSEMENTS_WITHDRAWN: {
    kind: 'refused',
    summary: 'The collateral service no longer serves this evaluation number.',
    next: 'Ask for a later evaluation number, or for update=standard. `enclos collateral doctor` lists the numbers that there are.',
  },
  ENDORSEMENTS_ANSWER_INVALID: {
    kind: 'evidence',
    summary: 'What the collateral service sent is not what was asked for, or not well-formed.',
    next: 'Do not use it. details.item and details.rule say what is wrong; look for a proxy, or ask another source.',
  },
  ENDORSEMENTS_NOT_CACHED: {
    kind: 'refused',
    summary: 'The item is not in the cache, and the network may not be asked.',
    next: 'Fetch it where there is a network, and bring it here with `enclos collateral export` and `import`.',
  },
  ENDORSEMENTS_BUNDLE_INVALID: {
    kind: 'evidence',
    summary: 'The bundle of collateral is damaged, or not one.',
    next: 'Export it again. Nothing of it was imported; details.entry says where it is wrong.',
  },
  ENDORSEMENTS_CACHE_REFUSED: {
    kind: 'usage',
    summary: 'The cache of collateral cannot be kept in this folder.',
    next: 'Name a folder that belongs to this user and in which nobody else can write.',
  },
} as const satisfies ErrorArea;

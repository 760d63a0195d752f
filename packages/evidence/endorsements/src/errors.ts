import { declareErrors } from '@enclos/errors';

export const endorsementErrors = declareErrors({
  ENDORSEMENTS_REQUEST_INVALID: [
    'usage',
    'The request for endorsements is not valid.',
    'Correct the platform, the source or the baseline; the message says which. Ask for early, standard or one evaluation number, not for two of them.',
  ],
  ENDORSEMENTS_EVIDENCE_UNREADABLE: [
    'usage',
    'The evidence does not say which platform its endorsements are for.',
    'Give a whole quote or report, or name the platform yourself.',
  ],
  ENDORSEMENTS_UNREACHABLE: [
    'transient',
    'The collateral service could not be reached, or did not answer in time.',
    'Check the address, the network and the TLS certificate of the service, and try again; or work from a bundle with --offline.',
  ],
  ENDORSEMENTS_SOURCE_FAILED: [
    'transient',
    'The collateral service is busy or failed, and still was after the retries.',
    'Try again later. details.status is what it answered, details.retryAfterSeconds how long it asked to wait.',
  ],
  ENDORSEMENTS_SOURCE_REFUSED: [
    'refused',
    'The collateral service refused the request.',
    'Read details.reason: a missing key for the service, or a parameter that it does not know.',
  ],
  ENDORSEMENTS_NOT_FOUND: [
    'refused',
    'The collateral service does not have what was asked for.',
    "Check the FMSPC and the CA. A PCCS has to know the platform first: register it there, or ask Intel's service.",
  ],
  ENDORSEMENTS_WITHDRAWN: [
    'refused',
    'The collateral service no longer serves this evaluation number.',
    'Ask for a later evaluation number, or for update=standard. `enclos collateral doctor` lists the numbers that there are.',
  ],
  ENDORSEMENTS_ANSWER_INVALID: [
    'evidence',
    'The answer of the collateral service is malformed or is not what was asked for.',
    'Do not use it. details.item and details.rule say what is wrong; look for a proxy, or ask another source.',
  ],
  ENDORSEMENTS_NOT_CACHED: [
    'refused',
    'The item is not in the cache, and the network may not be used.',
    'Fetch it where there is a network, and bring it here with `enclos collateral export` and `import`.',
  ],
  ENDORSEMENTS_BUNDLE_INVALID: [
    'evidence',
    'The file is not a bundle of collateral, or it is damaged.',
    'Export it again. Nothing of it was imported; details.entry says where it is wrong.',
  ],
  ENDORSEMENTS_CACHE_REFUSED: [
    'usage',
    'The cache of collateral cannot be kept in this folder.',
    'Name a folder that belongs to this user and that no other user can write to.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof endorsementErrors, true> {}
}

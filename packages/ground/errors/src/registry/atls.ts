import type { ErrorArea } from './kinds.ts';

/** Inside enclaves these come with `@enclos/atls`: see `entry` of {@link ErrorOptions}. */
export const atlsErrors = {
  ATLS_MISUSED: {
    kind: 'usage',
    summary: 'Attested TLS was asked for something that it does not do.',
    next: 'Correct the call; the message says what is wrong.',
  },
  ATLS_HANDSHAKE_FAILED: {
    kind: 'refused',
    summary: 'The TLS handshake did not succeed.',
    next: 'Read the cause; a peer without TLS 1.3, or with other protocols only (ALPN), ends like this.',
  },
  ATLS_NOT_SPOKEN: {
    kind: 'refused',
    summary: 'The peer speaks TLS, and not attested TLS.',
    next: 'Do not trust it. Serve with createAttestedServer; for a peer that has no more than RA-TLS read what acceptRelayableRaTls gives up.',
  },
  ATLS_PROTOCOL_VIOLATION: {
    kind: 'refused',
    summary: 'The peer broke the rules of the exchange, so the connection was closed.',
    next: 'Check that the peer runs attested TLS of this version; details.rule names what it broke.',
  },
  ATLS_TIMEOUT: {
    kind: 'transient',
    summary: 'Handshake and exchange of evidence were not over in time.',
    next: 'Try again; raise timeoutMs when evidence takes long on the platform of the peer.',
  },
  ATLS_CONNECTION_LOST: {
    kind: 'transient',
    summary: 'The connection ended before the exchange of evidence was over.',
    next: 'Connect again, and read the log of the peer, which may have refused.',
  },
  ATLS_EVIDENCE_NOT_BOUND: {
    kind: 'evidence',
    summary: 'The evidence is about another connection or another key: it was relayed, replayed or reflected.',
    next: 'Do not trust the peer: somebody may be between the two of you.',
  },
  ATLS_EVIDENCE_STALE: {
    kind: 'policy',
    summary: 'The evidence is older than this side accepts, or dated in the future.',
    next: 'Let the peer rotate its identity more often than cachedEvidenceMaximumAgeMs, or ask for the fresh mode.',
  },
  ATLS_MODE_TOO_WEAK: {
    kind: 'policy',
    summary: 'The peer answered in a weaker mode than this side accepts.',
    next: 'Do not trust the peer, which was asked for more.',
  },
  ATLS_OWN_KEY: {
    kind: 'evidence',
    summary: 'The peer presents the key of this side.',
    next: 'Give each enclave a key of its own. If each has one, somebody reflects the connection.',
  },
  ATLS_PEER_REFUSED: {
    kind: 'refused',
    summary: 'The peer refused this side.',
    next: 'Read details.reason, and the log of the peer for the policy that refused.',
  },
  ATLS_EVIDENCE_UNAVAILABLE: {
    kind: 'transient',
    summary: 'This side could not make its evidence.',
    next: 'Read the cause, which is an error of the platform or of the evidence function.',
  },
  ATLS_IDENTITY_MISSING: {
    kind: 'usage',
    summary: 'The server wants evidence of its clients, and this client has none.',
    next: 'Give attestedConnect an identity of role "client", made inside the enclave.',
  },
} as const satisfies ErrorArea;

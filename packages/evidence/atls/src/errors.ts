import { declareErrors, EnclosError, type ErrorDetails } from '@enclos/errors';

export const atlsErrors = declareErrors({
  ATLS_MISUSED: [
    'usage',
    'Attested TLS was asked for something that it does not do.',
    'Correct the call; the message says what is wrong.',
  ],
  ATLS_HANDSHAKE_FAILED: [
    'refused',
    'The TLS handshake did not succeed.',
    'Read the cause; a peer without TLS 1.3, or with other protocols only (ALPN), ends like this.',
  ],
  ATLS_NOT_SPOKEN: [
    'refused',
    'The peer speaks TLS, and not attested TLS.',
    'Do not trust it. Serve with createAttestedServer; for a peer that has no more than RA-TLS read what acceptRelayableRaTls gives up.',
  ],
  ATLS_PROTOCOL_VIOLATION: [
    'refused',
    'The peer broke the rules of the exchange, so the connection was closed.',
    'Check that the peer runs attested TLS of this version; details.rule names what it broke.',
  ],
  ATLS_TIMEOUT: [
    'transient',
    'Handshake and exchange of evidence were not over in time.',
    'Try again; raise timeoutMs when evidence takes long on the platform of the peer.',
  ],
  ATLS_CONNECTION_LOST: [
    'transient',
    'The connection ended before the exchange of evidence was over.',
    'Connect again, and read the log of the peer, which may have refused.',
  ],
  ATLS_EVIDENCE_NOT_BOUND: [
    'evidence',
    'The evidence is about another connection or another key: it was relayed, replayed or reflected.',
    'Do not trust the peer: somebody may be between the two of you.',
  ],
  ATLS_EVIDENCE_STALE: [
    'policy',
    'The evidence is older than this side accepts, or dated in the future.',
    'Let the peer rotate its identity more often than cachedEvidenceMaximumAgeMs, or ask for the fresh mode.',
  ],
  ATLS_MODE_TOO_WEAK: [
    'policy',
    'The peer answered in a weaker mode than this side accepts.',
    'Do not trust the peer, which was asked for more.',
  ],
  ATLS_OWN_KEY: [
    'evidence',
    'The peer presents the key of this side.',
    'Give each enclave a key of its own. If each has one, somebody reflects the connection.',
  ],
  ATLS_PEER_REFUSED: [
    'refused',
    'The peer refused this side.',
    'Read details.reason, and the log of the peer for the policy that refused.',
  ],
  ATLS_EVIDENCE_UNAVAILABLE: [
    'transient',
    'This side could not make its evidence.',
    'Read the cause, which is an error of the platform or of the evidence function.',
  ],
  ATLS_IDENTITY_MISSING: [
    'usage',
    'The server wants evidence of its clients, and this client has none.',
    'Give attestedConnect an identity of role "client", made inside the enclave.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof atlsErrors, true> {}
}

export type AtlsErrorCode = keyof typeof atlsErrors;

interface Facts {
  readonly message?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** An error of this package. */
export function atlsError(code: AtlsErrorCode, { message, ...rest }: Facts = {}): EnclosError {
  return new EnclosError(code, message, rest);
}

/** @throws ATLS_MISUSED always. */
export function misused(message: string): never {
  throw atlsError('ATLS_MISUSED', { message });
}

/** @throws ATLS_PROTOCOL_VIOLATION always. */
export function violated(rule: string, cause?: unknown): never {
  throw atlsError('ATLS_PROTOCOL_VIOLATION', { details: { rule }, cause });
}

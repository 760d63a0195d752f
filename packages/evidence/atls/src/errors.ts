import { declareErrors, EnclosError } from '@enclos/errors';

export const atlsErrors = declareErrors({
  ATLS_MISUSED: [
    'usage',
    'Attested TLS was asked for something that it does not do.',
    'Correct the call; the message says what is wrong.',
  ],
  ATLS_HANDSHAKE_FAILED: [
    'refused',
    'The TLS handshake did not succeed.',
    'Read the cause; the usual causes are a peer without TLS 1.3 and a peer with other protocols (ALPN).',
  ],
  ATLS_UNREACHABLE: [
    'transient',
    'No connection to the server could be made.',
    'Check the address and the network, and try again. Nothing is known about the server.',
  ],
  ATLS_NOT_SPOKEN: [
    'refused',
    'The peer speaks TLS but not attested TLS.',
    'Do not trust it. Serve with createAttestedServer; for a peer that speaks only RA-TLS, read what acceptRelayableRaTls gives up.',
  ],
  ATLS_PROTOCOL_VIOLATION: [
    'refused',
    'The peer broke the rules of the exchange, so the connection was closed.',
    'Check that the peer runs attested TLS of this version; details.rule names what it broke.',
  ],
  ATLS_TIMEOUT: [
    'transient',
    'The handshake and the exchange of evidence did not finish in time.',
    'Try again; raise timeoutMs when evidence takes long on the platform of the peer.',
  ],
  ATLS_CONNECTION_LOST: [
    'transient',
    'The connection ended before the exchange of evidence finished.',
    'Connect again, and read the log of the peer, which may have refused.',
  ],
  ATLS_EVIDENCE_NOT_BOUND: [
    'evidence',
    'The evidence is about another connection or another key: it was relayed, replayed or reflected.',
    'Do not trust the peer: an attacker may be between the two sides.',
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
    'Give each enclave its own key. If each has one, an attacker reflects the connection.',
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
  ATLS_COLLATERAL_MISSING: [
    'usage',
    'The peer sent no collateral with its evidence, and this side has no other source of it.',
    'Give `endorsements`, or let the peer send them: its evidence function returns `{ quote, endorsements }`.',
  ],
  ATLS_ROOT_NOT_NAMED: [
    'evidence',
    'The collateral of the peer leads to no root that the policy names.',
    'Do not trust the peer. If it is yours, put the fingerprint that `enclos platform show` prints into softwareRoots.',
  ],
  ATLS_PROXY_ADDRESS: [
    'usage',
    'The proxy does not listen at this address.',
    'Read the message. Use 127.0.0.1, [::1] or a Unix socket, or free the address.',
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

/** @throws ATLS_MISUSED always. */
export function misused(message: string): never {
  throw new EnclosError('ATLS_MISUSED', message);
}

/** @throws ATLS_PROTOCOL_VIOLATION always. */
export function violated(rule: string, cause?: unknown): never {
  throw new EnclosError('ATLS_PROTOCOL_VIOLATION', undefined, { details: { rule }, cause });
}

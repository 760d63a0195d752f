import { declareErrors } from '@enclos/errors';

export const hpkeErrors = declareErrors({
  HPKE_UNSUPPORTED: [
    'usage',
    'The cryptography of this runtime does not have an algorithm that the message or the key needs.',
    'Choose a suite that both sides have. The hybrid KEM needs Node 24 or a library.',
  ],
  HPKE_KEY_INVALID: [
    'evidence',
    'A public key, a private key or an encapsulated key is not valid for its algorithm.',
    'Fetch the keys of the service again. If it stays so, something between you and the service changes them.',
  ],
  HPKE_OPEN_FAILED: [
    'evidence',
    'A sealed message does not open: it was changed, or was sealed to another key, request or purpose.',
    'Fetch the keys and models of the service again, and repeat the request. If it stays so, something on the way changes messages.',
  ],
  HPKE_TRUNCATED: [
    'evidence',
    'A sealed stream ended before its last chunk.',
    'Do not use what arrived as if it were complete. Repeat the request.',
  ],
  HPKE_MESSAGE_INVALID: [
    'evidence',
    'A sealed message, or a stream of sealed chunks, does not have the form of its protocol.',
    'Send it to the route of its protocol, and check that nothing on the way rewrites bodies.',
  ],
  HPKE_LIMIT_EXCEEDED: [
    'usage',
    'A sealed message is larger than its bound, or the key has sealed as many messages as it may.',
    'Send less at a time, or open a new session.',
  ],
  HPKE_REPLAYED: [
    'refused',
    'A sealed message arrived that had already been accepted.',
    'Seal the request again: each sealed message is accepted once.',
  ],
  HPKE_DATE_REFUSED: [
    'refused',
    'The date of a sealed request is too far from the time of the service.',
    'Set the clock of the client, and seal the request again.',
  ],
  HPKE_WINDOW_FULL: [
    'transient',
    'The service remembers as many requests as it can, and accepts no other until the oldest are out of date.',
    'Try again after some seconds.',
  ],
  HPKE_KEY_STALE: [
    'transient',
    'The request was sealed to a key that the service does not use any more.',
    'Fetch the keys of the service again, verify their evidence, and seal the request to the current key.',
  ],
  HPKE_SESSION_GONE: [
    'transient',
    'The session is not known, or is over.',
    'Open a new session, and send the request in it.',
  ],
  OHTTP_KEYS_INVALID: [
    'evidence',
    'A key configuration of Oblivious HTTP does not have the form of RFC 9458, section 3.',
    'Fetch the key configuration again from the service itself.',
  ],
  OHTTP_MESSAGE_INVALID: [
    'evidence',
    'A binary HTTP message does not have the form of RFC 9292, or is larger than its bounds.',
    'Correct the client that encodes the message; the message of the error names the part.',
  ],
  OHTTP_TYPE_REFUSED: [
    'refused',
    'The content type of a request is not the one of this route.',
    'Send the request to the route of its profile, with the content type that the message names.',
  ],
});

declare module '@enclos/errors' {
  interface ErrorCodes extends Record<keyof typeof hpkeErrors, true> {}
}

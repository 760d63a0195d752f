const pemStart = /^\s*-----BEGIN /;
/** SEQUENCE with a length of two or three octets; a decoder of UTF-8 makes U+FFFD of the second byte. */
const derStart = /^0[\u0082\u0083\uFFFD]/;
const base64OfDerStart = /^\s*MI[A-Za-z0-9+/]/;
const longestStart = 32;

/** True for bytes or a text that begin like PEM (RFC 7468). */
export function beginsLikePem(input: Uint8Array | string): boolean {
  return pemStart.test(startOf(input));
}

/**
 * What a text that is not PEM seems to be, as a sentence to add to an error: the two encodings of certificates and keys are
 * easily confused. Empty when it seems to be neither.
 */
export function mistakenForPem(text: string | Uint8Array): string {
  const start = startOf(text);
  if (derStart.test(start)) return ' It begins like DER.';
  return base64OfDerStart.test(start) ? ' It begins like the base64 of DER, without the lines of PEM.' : '';
}

function startOf(input: Uint8Array | string): string {
  const start = input.slice(0, longestStart);
  return typeof start === 'string' ? start : String.fromCharCode(...start);
}

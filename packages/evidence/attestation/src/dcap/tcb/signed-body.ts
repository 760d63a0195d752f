import { fromHex, utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { parseJsonMembers } from '@enclos/codec/json';

/** A JSON document with the bytes that its signature covers. */
export interface SignedBody<T> {
  readonly value: T;
  /** The document exactly as it was served, UTF-8. Re-serialised JSON would not verify. */
  readonly signedBytes: Uint8Array;
  /** r then s, 32 bytes each. */
  readonly signature: Uint8Array;
}

/** Intel's largest TCB info is 10 KiB. */
export const maximumBodyLength = 262_144;

/** The text of a body and its signature, which must be 128 hex digits. @throws a CODEC error. */
export function signedBody<T>(body: string, signature: string, parse: (body: string) => T): SignedBody<T> {
  if (signature.length !== 128) throw new EnclosError('CODEC_INVALID', 'A signature that is not 64 bytes of hex.');
  return Object.freeze({ value: parse(body), signedBytes: utf8(body), signature: fromHex(signature) });
}

/**
 * Splits an answer of Intel's provisioning certification service,
 * `{"tcbInfo":{…},"signature":"hex"}` or `{"enclaveIdentity":{…},"signature":"hex"}`,
 * into the exact text that is signed and the signature.
 *
 * @throws a CODEC error.
 */
export function splitSignedBody(
  text: string,
  name: 'tcbInfo' | 'enclaveIdentity',
): { readonly body: string; readonly signature: string } {
  const { value, spans } = parseJsonMembers(text, maximumBodyLength);
  const span = spans.get(name);
  const signature = value['signature'];
  if (span === undefined || typeof signature !== 'string') {
    throw new EnclosError('CODEC_INVALID', `Not an object with ${name} and signature.`);
  }
  return Object.freeze({ body: text.slice(span.start, span.end), signature });
}

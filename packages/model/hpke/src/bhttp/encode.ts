import { concatBytes, utf8 } from '@enclos/codec';
import { empty } from '../hpke/labels.ts';
import { encodeVarint } from '../varint.ts';
import { checkField, checkRequestHead, checkResponseHead, refuse } from './message.ts';
import type { BhttpField, BhttpRequestHead, BhttpResponseHead } from './message.ts';

/** The framing indicators of RFC 9292, section 3.3. */
export const framingOf = Object.freeze({
  knownRequest: 0,
  knownResponse: 1,
  indeterminateRequest: 2,
  indeterminateResponse: 3,
} as const);

export interface BhttpEncodeOptions {
  /** At least as many bytes as the message is to have: zeros follow it (RFC 9292, section 3.8). */
  readonly padTo?: number;
}

/**
 * A whole request, of known length (RFC 9292, section 3.1).
 *
 * @throws OHTTP_MESSAGE_INVALID for a method, a target or a field that HTTP forbids.
 */
export function encodeBhttpRequest(
  head: BhttpRequestHead,
  content: Uint8Array,
  options: BhttpEncodeOptions = {},
): Uint8Array {
  const indicator = Uint8Array.of(framingOf.knownRequest);
  return padded([indicator, requestControl(head), knownSection(head.fields), sized(content), sized()], options);
}

/** A whole response, of known length: see `encodeBhttpRequest`. */
export function encodeBhttpResponse(
  head: BhttpResponseHead,
  content: Uint8Array,
  options: BhttpEncodeOptions = {},
): Uint8Array {
  const indicator = Uint8Array.of(framingOf.knownResponse);
  return padded([indicator, responseControl(head), knownSection(head.fields), sized(content), sized()], options);
}

/** Encodes a message whose content is not known yet (RFC 9292, section 3.2). Join what the calls give. */
export const bhttpStream = Object.freeze({
  request: (head: BhttpRequestHead): Uint8Array =>
    concatBytes(Uint8Array.of(framingOf.indeterminateRequest), requestControl(head), openSection(head.fields)),
  response: (head: BhttpResponseHead): Uint8Array =>
    concatBytes(Uint8Array.of(framingOf.indeterminateResponse), responseControl(head), openSection(head.fields)),
  /** A piece of the content. One of no bytes would end it, and gives nothing. */
  content: (bytes: Uint8Array): Uint8Array => (bytes.length === 0 ? bytes : sized(bytes)),
  /** The end of the content, and the trailer. */
  end: (trailer: readonly BhttpField[] = []): Uint8Array => concatBytes(Uint8Array.of(0), openSection(trailer)),
});

function requestControl(head: BhttpRequestHead): Uint8Array {
  const { method, scheme, authority, path } = checkRequestHead(head);
  return concatBytes(...[method, scheme, authority, path].map((part) => sized(utf8(part))));
}

function responseControl(head: BhttpResponseHead): Uint8Array {
  return encodeVarint(checkResponseHead(head).status);
}

function knownSection(fields: readonly BhttpField[]): Uint8Array {
  return sized(concatBytes(...fields.map((field) => fieldLine(field))));
}

function openSection(fields: readonly BhttpField[]): Uint8Array {
  return concatBytes(...fields.map((field) => fieldLine(field)), Uint8Array.of(0));
}

function fieldLine(field: BhttpField): Uint8Array {
  const [name, value] = checkField(field);
  return concatBytes(sized(utf8(name)), sized(Uint8Array.from(value, (character) => character.charCodeAt(0))));
}

function sized(bytes: Uint8Array = empty): Uint8Array {
  return concatBytes(encodeVarint(bytes.length), bytes);
}

function padded(parts: readonly Uint8Array[], { padTo = 0 }: BhttpEncodeOptions): Uint8Array {
  if (!Number.isSafeInteger(padTo) || padTo < 0) return refuse('The length to pad to is not a length.');
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concatBytes(...parts, new Uint8Array(Math.max(0, padTo - length)));
}

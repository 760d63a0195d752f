import { concatBytes } from '@enclos/codec';
import { encodeVarint, varintText } from '../varint.ts';
import { checkRequestHead, checkResponseHead, checkedFields, refuse } from './message.ts';
import type { BhttpField, BhttpRequestHead, BhttpResponseHead } from './message.ts';

/** The framing indicators of RFC 9292, section 3.3. */
export const framingOf = Object.freeze({
  knownRequest: 0,
  knownResponse: 1,
  indeterminateRequest: 2,
  indeterminateResponse: 3,
} as const);

export interface BhttpEncodeOptions {
  /**
   * At least as many bytes as the message is to have, or what gives that for the bytes that it has: zeros follow it (RFC 9292, section 3.8).
   */
  readonly padTo?: number | ((messageBytes: number) => number);
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
  return whole(framingOf.knownRequest, requestControl(head), { fields: head.fields, content, ...options });
}

/** A whole response, of known length: see `encodeBhttpRequest`. */
export function encodeBhttpResponse(
  head: BhttpResponseHead,
  content: Uint8Array,
  options: BhttpEncodeOptions = {},
): Uint8Array {
  return whole(framingOf.knownResponse, responseControl(head), { fields: head.fields, content, ...options });
}

/** Encodes a message whose content is not known yet (RFC 9292, section 3.2). Join what the calls give. */
export const bhttpStream = Object.freeze({
  request: (head: BhttpRequestHead): Uint8Array =>
    bytesOf(varintText(framingOf.indeterminateRequest) + requestControl(head) + openSection(head.fields)),
  response: (head: BhttpResponseHead): Uint8Array =>
    bytesOf(varintText(framingOf.indeterminateResponse) + responseControl(head) + openSection(head.fields)),
  /** A piece of the content. One of no bytes would end it, and gives nothing. */
  content: (bytes: Uint8Array): Uint8Array =>
    bytes.length === 0 ? bytes : concatBytes(encodeVarint(bytes.length), bytes),
  /** The end of the content, and the trailer. */
  end: (trailer: readonly BhttpField[] = []): Uint8Array => bytesOf(varintText(0) + openSection(trailer)),
});

// Heads are put together as texts with one character for each byte: an array for each name and each value would take several times as long.

function requestControl(head: BhttpRequestHead): string {
  const { method, scheme, authority, path } = checkRequestHead(head);
  return sized(method) + sized(scheme) + sized(authority) + sized(path);
}

function responseControl(head: BhttpResponseHead): string {
  return varintText(checkResponseHead(head).status);
}

function openSection(fields: readonly BhttpField[]): string {
  return fieldLines(fields) + varintText(0);
}

function fieldLines(fields: readonly BhttpField[]): string {
  let lines = '';
  for (const [name, value] of checkedFields(fields)) lines += sized(name) + sized(value);
  return lines;
}

function sized(text: string): string {
  return varintText(text.length) + text;
}

interface WholeParts extends BhttpEncodeOptions {
  readonly fields: readonly BhttpField[];
  readonly content: Uint8Array;
}

/** The parts of a message of known length, with an empty trailer. */
function whole(indicator: number, control: string, { fields, content, padTo = 0 }: WholeParts): Uint8Array {
  const head = varintText(indicator) + control + sized(fieldLines(fields)) + varintText(content.length);
  const length = head.length + content.length + 1;
  const padded = typeof padTo === 'number' ? padTo : padTo(length);
  if (!Number.isSafeInteger(padded) || padded < 0) return refuse('The length to pad to is not a length.');
  const bytes = new Uint8Array(Math.max(length, padded));
  putText(bytes, head);
  bytes.set(content, head.length);
  return bytes;
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  putText(bytes, text);
  return bytes;
}

function putText(bytes: Uint8Array, text: string): void {
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
}

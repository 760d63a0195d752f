import { declaredErrors, EnclosError, isErrorCode, type ErrorCode, type ErrorKind } from '@enclos/errors';
import { MAX_THROW_CODE_BYTES, MAX_THROW_MESSAGE_BYTES, protocolViolation } from './frame/frames.ts';

/** The part of an error that crosses the gate. */
export interface ErrorDescription {
  /** ASCII `[A-Z0-9_]{1,64}`; anything else crosses as GATE_REMOTE_ERROR. */
  readonly code: string;
  /** Cut at 4096 UTF-8 bytes. */
  readonly message: string;
}

const codePattern = /^[A-Z0-9_]{1,64}$/;
/**
 * Control characters could drive a terminal that shows the log, and bidirectional and line controls could fake its content.
 */
const unsafePattern = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
/** Every way to begin a new line. */
const lineBreakPattern = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/gu;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As much of `text` as fits into `maxBytes` of UTF-8, whole characters only. */
export function encodeText(text: string, maxBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(maxBytes, 3 * text.length));
  return bytes.subarray(0, encoder.encodeInto(text, bytes).written);
}

/** Text from the peer, with characters that could attack a terminal replaced. @throws GATE_PROTOCOL_VIOLATION when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  return decodeUtf8(bytes).replace(unsafePattern, '\ufffd');
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw protocolViolation('text that is not UTF-8', cause);
  }
}

/**
 * One log line of the peer. A peer that could begin a line could imitate lines of the reader's own log, so a line break becomes
 * U+23CE and a tab a space.
 * @throws GATE_PROTOCOL_VIOLATION when it is not UTF-8.
 */
export function decodeLogLine(bytes: Uint8Array): string {
  return decodeUtf8(bytes).replace(lineBreakPattern, '\u23ce').replaceAll('\t', ' ').replace(unsafePattern, '\ufffd');
}

/** The payload of a THROW frame: u16 length of the code | code | message. */
export function encodeThrow(description: ErrorDescription): Uint8Array {
  const code = codePattern.test(description.code) ? description.code : 'GATE_REMOTE_ERROR';
  const message = encodeText(description.message, MAX_THROW_MESSAGE_BYTES);
  const payload = new Uint8Array(2 + code.length + message.length);
  payload[0] = code.length;
  encoder.encodeInto(code, payload.subarray(2));
  payload.set(message, 2 + code.length);
  return payload;
}

/** The codes with which the gate itself answers a call. They say only that there is no result. */
export const gateAnswerErrors = Object.freeze([
  'GATE_BUSY',
  'GATE_DEADLINE',
  'GATE_CANCELLED',
  'GATE_DEPTH_EXCEEDED',
  'GATE_FRAME_TOO_LARGE',
] as const satisfies readonly ErrorCode[]);

/**
 * The codes that a peer may raise here. Codes that no loaded package declares are left out, because their kind is unknown, and
 * so are those of kind `lost`: a peer that can still send would be saying that it, or another party, is gone.
 */
export function acceptedErrors(codes: Iterable<ErrorCode>): ReadonlySet<ErrorCode> {
  const kindOf = (code: ErrorCode): ErrorKind | undefined => declaredErrors.get(code)?.kind;
  return new Set([...codes].filter((code) => (kindOf(code) ?? 'lost') !== 'lost'));
}

/**
 * The error that a THROW frame stands for: with its own code when that is accepted, else GATE_REMOTE_ERROR with
 * `details.remoteCode`. `details.remote` is true, so that a peer cannot pass off its errors as ours.
 * @throws GATE_PROTOCOL_VIOLATION for a malformed payload.
 */
export function decodeThrow(payload: Uint8Array, accepted: ReadonlySet<ErrorCode>): EnclosError {
  const [low, high] = payload;
  if (low === undefined || high === undefined) throw protocolViolation('an error without a code');
  const codeBytes = low + 256 * high;
  if (codeBytes > MAX_THROW_CODE_BYTES || payload.length < 2 + codeBytes) {
    throw protocolViolation('an error code of a wrong length');
  }
  if (payload.length - 2 - codeBytes > MAX_THROW_MESSAGE_BYTES) {
    throw protocolViolation('an error message that is too long');
  }
  const code = decodeText(payload.subarray(2, 2 + codeBytes));
  if (!codePattern.test(code)) throw protocolViolation('an error code of wrong characters');
  const message = decodeText(payload.subarray(2 + codeBytes)) || undefined;
  if (isErrorCode(code) && accepted.has(code)) return new EnclosError(code, message, { details: { remote: true } });
  return new EnclosError('GATE_REMOTE_ERROR', message, { details: { remote: true, remoteCode: code } });
}

import { EnclosError, isErrorCode } from '@enclos/errors';
import { MAX_THROW_CODE_BYTES, MAX_THROW_MESSAGE_BYTES, protocolViolation } from './frames.ts';

/** What of an error crosses the gate. */
export interface ErrorDescription {
  /** ASCII `[A-Z0-9_]{1,64}`; anything else crosses as GATE_REMOTE_ERROR. */
  readonly code: string;
  /** Cut at 4096 UTF-8 bytes. */
  readonly message: string;
}

const codePattern = /^[A-Z0-9_]{1,64}$/;
/**
 * Control characters could drive the terminal of whoever reads the log, and
 * bidirectional and line controls could fake what it says.
 */
const unsafePattern = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As much of `text` as fits into `maxBytes` of UTF-8, whole characters only. */
export function encodeText(text: string, maxBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(maxBytes, 3 * text.length));
  return bytes.subarray(0, encoder.encodeInto(text, bytes).written);
}

/** Text from the peer, with characters that could attack a terminal replaced. @throws GATE_PROTOCOL_VIOLATION when it is not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw protocolViolation('text that is not UTF-8', cause);
  }
  return text.replace(unsafePattern, '\ufffd');
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

/**
 * The error that a THROW frame stands for: of its own code when that is
 * registered here, else GATE_REMOTE_ERROR with `details.remoteCode`.
 * `details.remote` is true, so that a peer cannot pass its word off as ours.
 * @throws GATE_PROTOCOL_VIOLATION for a malformed payload.
 */
export function decodeThrow(payload: Uint8Array): EnclosError {
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
  if (isErrorCode(code)) return new EnclosError(code, message, { details: { remote: true } });
  return new EnclosError('GATE_REMOTE_ERROR', message, { details: { remote: true, remoteCode: code } });
}

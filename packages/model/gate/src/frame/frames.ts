import { EnclosError } from '@enclos/errors';

/** What a frame is. The numbers are the wire values. */
export const FrameKind = Object.freeze({
  HELLO: 1,
  CALL: 2,
  RETURN: 3,
  THROW: 4,
  CANCEL: 5,
  LOG: 6,
  GOODBYE: 7,
  STREAM_DATA: 8,
  STREAM_CREDIT: 9,
  STREAM_END: 10,
  STREAM_CLOSE: 11,
} as const);

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Bytes of a frame before its payload, the length field included. */
export const FRAME_HEADER_BYTES = 20;
/** Longest error code in a THROW frame, in ASCII characters. */
export const MAX_THROW_CODE_BYTES = 64;
/** Longest message in a THROW frame, in UTF-8 bytes. */
export const MAX_THROW_MESSAGE_BYTES = 4096;
/** Longest text in a LOG frame, in UTF-8 bytes. */
export const MAX_LOG_BYTES = 8192;
/** Bytes of a stream cross in pieces of at most this size: the most that the kernel returns from one read. */
export const MAX_STREAM_CHUNK_BYTES = 64 * 1024;
/** Highest log level: 0 error, 1 warning, 2 information, 3 debug, 4 trace. */
export const MAX_LOG_LEVEL = 4;
/** Smallest `maxFrameBytes`: every THROW frame must fit, or a failure could not be reported. */
export const MIN_FRAME_LIMIT_BYTES = FRAME_HEADER_BYTES + 2 + MAX_THROW_CODE_BYTES + MAX_THROW_MESSAGE_BYTES;
/** Largest `maxFrameBytes`. */
export const MAX_FRAME_LIMIT_BYTES = 2 ** 30;

/** The length field does not count its own bytes. */
const LENGTH_BYTES = 4;

/** The fixed part of a frame. A field that a kind does not use is zero. */
export interface FrameHeader {
  readonly kind: FrameKind;
  /** CALL: 0 application functions, 1 system functions. */
  readonly table: number;
  /** CALL: which function of the table. LOG: the level, 0 to 4. */
  readonly functionIndex: number;
  /** CALL, RETURN, THROW, CANCEL: the call. STREAM_…: the stream. Never zero there. */
  readonly callId: number;
  /** CALL: the call in the other direction that this one is nested in, or zero. STREAM_CREDIT: how many bytes. */
  readonly parentCallId: number;
  /** CALL: how long the caller waits, or zero. */
  readonly timeoutMs: number;
}

/** One message between the two sides. */
export interface Frame extends FrameHeader {
  readonly payload: Uint8Array;
}

export const emptyPayload = new Uint8Array(0);

/** A frame whose other fields are zero. */
export function simpleFrame(kind: FrameKind, callId: number, payload: Uint8Array = emptyPayload): Frame {
  return { kind, table: 0, functionIndex: 0, callId, parentCallId: 0, timeoutMs: 0, payload };
}

/** Bytes that a frame with this payload takes on the wire. */
export function frameSizeBytes(payload: Uint8Array): number {
  return FRAME_HEADER_BYTES + payload.length;
}

const MAX_THROW_BYTES = 2 + MAX_THROW_CODE_BYTES + MAX_THROW_MESSAGE_BYTES;
/**
 * The largest payload that each kind may carry whatever the frame limit is, in the order of their numbers from 0 on. HELLO, CALL
 * and RETURN are bounded by `maxFrameBytes` alone. An array: V8 looks a key of an object up for each frame.
 */
const whole = MAX_FRAME_LIMIT_BYTES;
const maxPayloadBytes = [0, whole, whole, whole, MAX_THROW_BYTES, 0, MAX_LOG_BYTES, 0, MAX_STREAM_CHUNK_BYTES, 0, 0, 0];

function unusedFieldFault({
  kind,
  table,
  functionIndex,
  callId,
  parentCallId,
  timeoutMs,
}: FrameHeader): string | undefined {
  const hasCallId = kind !== FrameKind.HELLO && kind !== FrameKind.LOG && kind !== FrameKind.GOODBYE;
  if (hasCallId !== (callId !== 0)) return hasCallId ? 'a call id of zero' : 'a call id on a frame that has none';
  if (kind === FrameKind.CALL) return table > 1 ? 'an unknown function table' : undefined;
  const hasAmount = kind === FrameKind.STREAM_CREDIT;
  if (hasAmount && parentCallId === 0) return 'a credit of nothing';
  if (table !== 0 || (parentCallId !== 0 && !hasAmount) || timeoutMs !== 0) return 'a reserved field that is not zero';
  if (kind === FrameKind.LOG) return functionIndex > MAX_LOG_LEVEL ? 'an unknown log level' : undefined;
  return functionIndex === 0 ? undefined : 'a reserved field that is not zero';
}

/** What is wrong with a header and its payload length, or undefined. Both directions obey the same rules. */
export function headerFault(header: FrameHeader, payloadBytes: number): string | undefined {
  if (header.kind < FrameKind.HELLO || header.kind > FrameKind.STREAM_CLOSE) return 'an unknown kind';
  const fault = unusedFieldFault(header);
  if (fault !== undefined) return fault;
  if (header.kind === FrameKind.STREAM_DATA && payloadBytes === 0) return 'a piece of a stream without bytes';
  return payloadBytes > (maxPayloadBytes[header.kind] ?? 0) ? 'a payload too large for its kind' : undefined;
}

/** Writes a frame that is known to be valid; `view` and `bytes` are the same memory. */
export function writeFrame(
  frame: Frame,
  target: { readonly bytes: Uint8Array; readonly view: DataView },
  at: number,
): void {
  writeHeader(frame, target, at);
  if (frame.payload.length > 0) target.bytes.set(frame.payload, at + FRAME_HEADER_BYTES);
}

/** Writes a frame without its payload. */
export function writeHeader(frame: Frame, { view }: { readonly view: DataView }, at: number): void {
  view.setUint32(at, FRAME_HEADER_BYTES - LENGTH_BYTES + frame.payload.length, true);
  view.setUint8(at + 4, frame.kind);
  view.setUint8(at + 5, frame.table);
  view.setUint16(at + 6, frame.functionIndex, true);
  view.setUint32(at + 8, frame.callId, true);
  view.setUint32(at + 12, frame.parentCallId, true);
  view.setUint32(at + 16, frame.timeoutMs, true);
}

/** A frame whose payload has not arrived. */
export interface BegunFrame extends FrameHeader {
  payload: Uint8Array;
}

/** Reads the header at `at`; the caller has checked that 20 bytes are there. The kind is not yet checked. */
export function readHeader(view: DataView, at: number): BegunFrame {
  return {
    // headerFault refuses every value outside the union before it is used.
    kind: view.getUint8(at + 4) as FrameKind,
    table: view.getUint8(at + 5),
    functionIndex: view.getUint16(at + 6, true),
    callId: view.getUint32(at + 8, true),
    parentCallId: view.getUint32(at + 12, true),
    timeoutMs: view.getUint32(at + 16, true),
    payload: emptyPayload,
  };
}

/**
 * Size on the wire of the frame whose length field is at `at`.
 * @throws GATE_PROTOCOL_VIOLATION when it is shorter than a header or over the limit.
 */
export function readFrameSize(view: DataView, at: number, maxFrameBytes: number): number {
  const sizeBytes = LENGTH_BYTES + view.getUint32(at, true);
  if (sizeBytes < FRAME_HEADER_BYTES) throw protocolViolation('a frame shorter than its header');
  if (sizeBytes > maxFrameBytes) {
    throw protocolViolation(`a frame of ${sizeBytes} bytes, at most ${maxFrameBytes} are allowed`);
  }
  return sizeBytes;
}

/** The peer sent something that the protocol does not allow. */
export function protocolViolation(what: string, cause?: unknown): EnclosError<'GATE_PROTOCOL_VIOLATION'> {
  return new EnclosError('GATE_PROTOCOL_VIOLATION', `The peer sent ${what}.`, { cause });
}

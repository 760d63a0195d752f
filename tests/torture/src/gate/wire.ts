/**
 * Frames as packages/model/gate/README.md writes them down, made and read without @enclos/gate: what is
 * fuzzed must not be its own oracle, and a hostile peer can write what its encoder would refuse.
 */

export const Kind = Object.freeze({
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
});

export const headerBytes = 20;
/** Of a code and of a message in a THROW, and of a LOG. */
const maxThrowBytes = 2 + 64 + 4096;
const maxLogBytes = 8192;
/** Of one stream and direction: the largest piece, what a piece counts for beside its bytes, and what may be unused. */
export const maxPieceBytes = 65_536;
export const pieceBytes = 256;
export const windowBytes = 262_144;

/** A frame, valid or not. */
export interface WireFrame {
  readonly kind: number;
  readonly table: number;
  readonly index: number;
  readonly callId: number;
  readonly parentId: number;
  readonly timeoutMs: number;
  readonly payload: Uint8Array;
  /** In place of the true length of what follows the length field. */
  readonly claimedBytes?: number;
}

const nothing = new Uint8Array(0);

export function wireFrame(fields: Partial<WireFrame>): WireFrame {
  return { kind: 0, table: 0, index: 0, callId: 0, parentId: 0, timeoutMs: 0, payload: nothing, ...fields };
}

export function wireBytes(frame: WireFrame): Uint8Array<ArrayBuffer> {
  const { kind, table, index, callId, parentId, timeoutMs, payload } = frame;
  const bytes = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frame.claimedBytes ?? headerBytes - 4 + payload.length, true);
  view.setUint8(4, kind);
  view.setUint8(5, table);
  view.setUint16(6, index, true);
  view.setUint32(8, callId, true);
  view.setUint32(12, parentId, true);
  view.setUint32(16, timeoutMs, true);
  bytes.set(payload, headerBytes);
  return bytes;
}

export interface ReferenceResult {
  readonly frames: readonly WireFrame[];
  /** whole: between two frames. inside: in the middle of one. refused: there was one that is not allowed. */
  readonly end: 'whole' | 'inside' | 'refused';
  /** Where the first frame begins that is not whole, or is refused. */
  readonly consumed: number;
}

/** The plain way: the whole stream at once, one frame after the other. */
export function referenceDecode(stream: Uint8Array, maxFrameBytes: number): ReferenceResult {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const frames: WireFrame[] = [];
  for (let at = 0; ;) {
    const left = stream.length - at;
    if (left === 0) return { frames, end: 'whole', consumed: at };
    if (left < 4) return { frames, end: 'inside', consumed: at };
    const sizeBytes = 4 + view.getUint32(at, true);
    if (sizeBytes < headerBytes || sizeBytes > maxFrameBytes) return { frames, end: 'refused', consumed: at };
    if (left < headerBytes) return { frames, end: 'inside', consumed: at };
    const header = {
      kind: view.getUint8(at + 4),
      table: view.getUint8(at + 5),
      index: view.getUint16(at + 6, true),
      callId: view.getUint32(at + 8, true),
      parentId: view.getUint32(at + 12, true),
      timeoutMs: view.getUint32(at + 16, true),
    };
    if (!isAllowed(header, sizeBytes - headerBytes)) return { frames, end: 'refused', consumed: at };
    if (left < sizeBytes) return { frames, end: 'inside', consumed: at };
    frames.push({ ...header, payload: stream.slice(at + headerBytes, at + sizeBytes) });
    at += sizeBytes;
  }
}

type Header = Omit<WireFrame, 'payload' | 'claimedBytes'>;

/** The table of kinds: which fields may differ from zero, and how long the payload may be. */
function isAllowed({ kind, table, index, callId, parentId, timeoutMs }: Header, payloadBytes: number): boolean {
  const others = table === 0 && parentId === 0 && timeoutMs === 0;
  switch (kind) {
    case Kind.HELLO:
      return others && index === 0 && callId === 0;
    case Kind.CALL:
      return table <= 1 && callId !== 0;
    case Kind.RETURN:
      return others && index === 0 && callId !== 0;
    case Kind.THROW:
      return others && index === 0 && callId !== 0 && payloadBytes <= maxThrowBytes;
    case Kind.CANCEL:
    case Kind.STREAM_END:
    case Kind.STREAM_CLOSE:
      return others && index === 0 && callId !== 0 && payloadBytes === 0;
    case Kind.STREAM_DATA:
      return others && index === 0 && callId !== 0 && payloadBytes >= 1 && payloadBytes <= maxPieceBytes;
    case Kind.STREAM_CREDIT:
      return table === 0 && index === 0 && timeoutMs === 0 && callId !== 0 && parentId !== 0 && payloadBytes === 0;
    case Kind.LOG:
      return others && index <= 4 && callId === 0 && payloadBytes <= maxLogBytes;
    case Kind.GOODBYE:
      return others && index === 0 && callId === 0 && payloadBytes === 0;
    default:
      return false;
  }
}

/** The payload of a THROW, whatever its code is. */
export function throwPayload(code: string, message: Uint8Array | string = ''): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(code, 'latin1');
  const rest = typeof message === 'string' ? Buffer.from(message) : message;
  const payload = new Uint8Array(2 + text.length + rest.length);
  payload.set([text.length & 0xff, text.length >> 8]);
  payload.set(text, 2);
  payload.set(rest, 2 + text.length);
  return payload;
}

/** The code of a THROW; nothing when its payload is malformed. */
export function throwCode(payload: Uint8Array): string | undefined {
  const codeBytes = (payload[0] ?? 0) + 256 * (payload[1] ?? 0);
  const code = Buffer.from(payload.subarray(2, 2 + codeBytes)).toString('latin1');
  if (payload.length < 2 + codeBytes || !/^[A-Z0-9_]{1,64}$/.test(code)) return undefined;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2 + codeBytes));
    return code;
  } catch {
    return undefined;
  }
}

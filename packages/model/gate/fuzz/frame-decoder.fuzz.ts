import { isEnclosError } from '@enclos/errors';
import { encodeFrame, FrameDecoder, FrameKind, type Frame } from '../src/index.ts';

const maxFrameBytes = 8192;
const empty = { table: 0, functionIndex: 0, callId: 0, parentCallId: 0, timeoutMs: 0, payload: new Uint8Array(0) };

const frames: readonly Frame[] = [
  { ...empty, kind: FrameKind.HELLO, payload: Uint8Array.of(1, 2, 3) },
  {
    ...empty,
    kind: FrameKind.CALL,
    table: 1,
    functionIndex: 2,
    callId: 3,
    parentCallId: 4,
    timeoutMs: 5,
    payload: new Uint8Array(40),
  },
  { ...empty, kind: FrameKind.RETURN, callId: 3, payload: Uint8Array.of(9) },
  { ...empty, kind: FrameKind.THROW, callId: 3, payload: Uint8Array.of(1, 0, 65) },
  { ...empty, kind: FrameKind.CANCEL, callId: 3 },
  { ...empty, kind: FrameKind.LOG, functionIndex: 4, payload: Uint8Array.of(65) },
  { ...empty, kind: FrameKind.GOODBYE },
  { ...empty, kind: FrameKind.STREAM_DATA, callId: 1, payload: Uint8Array.of(1, 2) },
  { ...empty, kind: FrameKind.STREAM_CREDIT, callId: 1, parentCallId: 600 },
  { ...empty, kind: FrameKind.STREAM_END, callId: 1 },
  { ...empty, kind: FrameKind.STREAM_CLOSE, callId: 1 },
];

/** Each kind alone, then all in one stream. */
export const seeds: readonly Uint8Array[] = [...frames.map(encodeFrame), Buffer.concat(frames.map(encodeFrame))];

/** What came out, with the violation that ended it, when the input is cut after every `size` bytes. */
function decoded(data: Uint8Array, size: number): string {
  const decoder = new FrameDecoder({ maxFrameBytes });
  const seen: string[] = [];
  try {
    for (let at = 0; at < data.length; at += size) {
      decoder.read(data.subarray(at, at + size), (frame) => seen.push(Buffer.from(encodeFrame(frame)).toString('hex')));
      if (decoder.heldBytes > maxFrameBytes) throw new RangeError('The decoder holds more than a frame.');
    }
    if (decoder.unfinishedFrame !== 0) seen.push(`${decoder.heldBytes} bytes of one more`);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    seen.push(error.message);
  }
  return seen.join('\n');
}

/** The same frames and the same verdict, wherever the stream is cut. */
export function fuzz(data: Uint8Array): void {
  const whole = decoded(data, Math.max(1, data.length));
  for (const size of [1, 7, 23]) {
    if (decoded(data, size) !== whole) throw new Error(`Chunks of ${size} bytes decode differently.`);
  }
}

import { EnclosError } from '@enclos/errors';
import { frameSizeBytes, headerFault, writeFrame, type Frame } from './frames.ts';

const MAX_U32 = 0xffff_ffff;

function isUnsigned(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function rangeFault(frame: Frame): string | undefined {
  const inRange =
    isUnsigned(frame.kind, 0xff) &&
    isUnsigned(frame.table, 0xff) &&
    isUnsigned(frame.functionIndex, 0xffff) &&
    isUnsigned(frame.callId, MAX_U32) &&
    isUnsigned(frame.parentCallId, MAX_U32) &&
    isUnsigned(frame.timeoutMs, MAX_U32);
  return inRange ? undefined : 'a field out of range';
}

/**
 * The wire form of one frame, all integers little-endian:
 * u32 length of the rest | u8 kind | u8 table | u16 functionIndex | u32 callId
 * | u32 parentCallId | u32 timeoutMs | payload.
 * @throws GATE_INVALID_ARGUMENT for a frame that a decoder would refuse.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const fault = rangeFault(frame) ?? headerFault(frame, frame.payload.length);
  if (fault !== undefined) throw new EnclosError('GATE_INVALID_ARGUMENT', `The frame has ${fault}.`);
  const bytes = new Uint8Array(frameSizeBytes(frame.payload));
  writeFrame(frame, { bytes, view: new DataView(bytes.buffer) }, 0);
  return bytes;
}

import { COMPANION_FRAME_BYTES, decodeCompanionNotice, type CompanionNotice } from './frames.ts';

/** Finds the notices of an enclave in bytes that come in pieces of any length. @throws (each piece) GATE_PROTOCOL_VIOLATION, and what `take` throws */
export function companionNotices(take: (notice: CompanionNotice) => void): (bytes: Uint8Array) => void {
  const part = new Uint8Array(COMPANION_FRAME_BYTES);
  let partBytes = 0;
  return (bytes) => {
    for (const byte of bytes) {
      part[partBytes] = byte;
      partBytes += 1;
      if (partBytes < part.length) continue;
      partBytes = 0;
      take(decodeCompanionNotice(part));
    }
  };
}

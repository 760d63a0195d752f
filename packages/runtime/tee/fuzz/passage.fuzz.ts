import { isEnclosError } from '@enclos/errors';
import {
  decodeCompanionFrame,
  decodeCompanionNotice,
  encodeCompanionFrame,
  encodeCompanionNotice,
} from '../src/companions/index.ts';
import {
  decodePassageNotice,
  decodePassedFrame,
  encodePassageNotice,
  encodePassedFrame,
} from '../src/passage/index.ts';

export const seeds: readonly Uint8Array[] = [
  encodePassedFrame({ kind: 'accepted', listener: 1, stream: 7 }),
  encodePassedFrame({ kind: 'connected', listener: 0, stream: 7 }),
  encodePassageNotice({ kind: 'grant', listener: 1, count: 256 }),
  encodePassageNotice({ kind: 'withdraw', listener: 1 }),
  encodePassageNotice({ kind: 'accepted-ended', stream: 7, bytesRead: 1n, bytesWritten: 2n }),
  encodeCompanionFrame({ companion: 1, number: 2, generation: 3 }),
  encodeCompanionNotice({ kind: 'open', companion: 1 }),
  encodeCompanionNotice({ kind: 'end', companion: 1, number: 2, generation: 3 }),
];

/** Each comes from the other side of the passage. */
export function fuzz(data: Uint8Array): void {
  for (const parse of [decodePassedFrame, decodePassageNotice, decodeCompanionFrame, decodeCompanionNotice]) {
    try {
      parse(data);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}

import { isEnclosError } from '@enclos/errors';
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
];

/** Each comes from the other side of the passage. */
export function fuzz(data: Uint8Array): void {
  for (const parse of [decodePassedFrame, decodePassageNotice]) {
    try {
      parse(data);
    } catch (error) {
      if (!isEnclosError(error)) throw error;
    }
  }
}

import { isDeepStrictEqual } from 'node:util';
import { read, samples, small } from '../test/messages.ts';

export const seeds: readonly Uint8Array[] = samples;

/** Any bytes are one request or one refusal, the same in whatever pieces they come, and within the limits. */
export function fuzz(data: Uint8Array): void {
  const whole = read(data, [], small);
  for (const size of [1, 2, 7, 31]) {
    const cuts = Array.from({ length: Math.floor(data.length / size) }, (_, i) => i * size);
    if (!isDeepStrictEqual(read(data, cuts, small), whole)) {
      throw new Error(`Pieces of ${size} bytes are read differently.`);
    }
  }
  if (whole === 'unfinished' || 'status' in whole) return;
  if (whole.body.length > small.maxBodyBytes) throw new RangeError('A body over its bound was read.');
  const { path, headers, restBytes } = whole;
  if (!path.startsWith('/') || restBytes > data.length) throw new RangeError('What was read is not a request.');
  for (const [name, value] of headers) {
    if (/[\r\n\0]/.test(name + value)) throw new RangeError('A header holds the end of a line.');
  }
}

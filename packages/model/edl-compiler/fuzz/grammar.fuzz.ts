import { edlOf } from './grammar.ts';
import { judge } from './judge.ts';

export const seeds: readonly Uint8Array[] = [1, 7, 31].map((step) =>
  Uint8Array.from({ length: 200 }, (_, index) => (index * step) % 251),
);

/** Bytes as decisions of a grammar: files that are nearly right, two of which are imported. */
export function fuzz(data: Uint8Array): void {
  const length = Math.floor(data.length / 3);
  const text = (part: number): string => edlOf(data.subarray(part * length, (part + 1) * length).subarray(0, 2000));
  judge(text(0), { 'b.edl': text(1), 'c.edl': text(2) });
}

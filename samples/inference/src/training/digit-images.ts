import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { at } from './matrix.ts';

/** An image of a digit: 8 rows of 8 pixels, from 0 (paper) to 1 (ink). */
export interface DigitImage {
  readonly pixels: Float32Array;
  readonly digit: number;
}

export const side = 8;

/**
 * Reads the digits of Debian's python3-sklearn (`digits.csv.gz`): in each line 64 pixels from 0 to 16 and the digit. The data are a part of
 * "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (1998).
 */
export async function readDigits(path: string): Promise<readonly DigitImage[]> {
  const text = gunzipSync(await readFile(path)).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const numbers = line.split(',').map(Number);
      const isLine = numbers.length === side * side + 1 && numbers.every((value) => value >= 0 && value <= 16);
      const digit = numbers.pop();
      if (!isLine || digit === undefined || digit > 9) {
        throw new Error(`${path} does not hold digits of 8 by 8 pixels.`);
      }
      return { pixels: Float32Array.from(numbers, (value) => value / 16), digit };
    });
}

/** The image moved, turned and made larger or smaller, as another hand might have written it. */
export function varied({ pixels, digit }: DigitImage, random: () => number): DigitImage {
  const around = (most: number): number => (2 * random() - 1) * most;
  const [turn, scaleX, scaleY, right, down, slant] = [
    around(0.25),
    1 + around(0.15),
    1 + around(0.15),
    around(0.8),
    around(0.8),
    around(0.2),
  ];
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const middle = (side - 1) / 2;
  const made = Float32Array.from(pixels, (_, place) => {
    const [x, y] = [(place % side) - middle - right, Math.floor(place / side) - middle - down];
    const fromX = (cos * x - sin * y + slant * y) / scaleX + middle;
    const fromY = (sin * x + cos * y) / scaleY + middle;
    return between(pixels, fromX, fromY);
  });
  return { pixels: made, digit };
}

/** The value between four pixels. Outside is paper. */
function between(pixels: Float32Array, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const pixel = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= side || row >= side ? 0 : at(pixels, row * side + column);
  const [dx, dy] = [x - left, y - top];
  return (
    (1 - dy) * ((1 - dx) * pixel(left, top) + dx * pixel(left + 1, top)) +
    dy * ((1 - dx) * pixel(left, top + 1) + dx * pixel(left + 1, top + 1))
  );
}

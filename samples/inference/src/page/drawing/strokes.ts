/** A place on the drawing area, from 0 to 1 in both directions, from the left and the top. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the pen went from where it was put down to where it was lifted. */
export type Stroke = readonly Point[];

/** Width and height of what the model sees. */
export const side = 8;
/** Each of its pixels counts the ink in so many cells a side, as the images that it was trained with do. */
const cells = 4;
const grid = side * cells;
/** Half of the width of the pen, in cells. */
const penRadius = 3.2;

/**
 * What the model sees of a drawing: 8 rows of 8 pixels from 0 (paper) to 1 (ink). The drawing is moved to the middle and
 * made as large as fits, because so were the digits that the model learned from.
 */
export function pixelsOf(strokes: readonly Stroke[]): Float32Array {
  const points = strokes.flat();
  const pixels = new Float32Array(side * side);
  if (points.length === 0) return pixels;
  const [left, right] = rangeOf(points.map(({ x }) => x));
  const [top, bottom] = rangeOf(points.map(({ y }) => y));
  const room = grid - 2 * penRadius;
  // A dot stays a dot.
  const scale = room / Math.max(right - left, bottom - top, 0.1);
  const toGrid = ({ x, y }: Point): Point => ({
    x: (x - (left + right) / 2) * scale + grid / 2,
    y: (y - (top + bottom) / 2) * scale + grid / 2,
  });
  const inked = strokes.map((stroke) => stroke.map(toGrid));
  for (let row = 0; row < grid; row++) {
    for (let column = 0; column < grid; column++) {
      const cell = { x: column + 0.5, y: row + 0.5 };
      if (!inked.some((stroke) => distance(cell, stroke) <= penRadius)) continue;
      const place = Math.floor(row / cells) * side + Math.floor(column / cells);
      pixels[place] = (pixels[place] ?? 0) + 1 / (cells * cells);
    }
  }
  return pixels;
}

function rangeOf(values: readonly number[]): readonly [number, number] {
  return values.reduce<readonly [number, number]>(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [1, 0],
  );
}

/** From a point to the nearest place of a stroke. */
function distance(from: Point, stroke: Stroke): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const [index, end] of stroke.entries()) {
    const start = stroke[index - 1] ?? end;
    const [alongX, alongY] = [end.x - start.x, end.y - start.y];
    const length = alongX * alongX + alongY * alongY;
    const part = length === 0 ? 0 : ((from.x - start.x) * alongX + (from.y - start.y) * alongY) / length;
    const at = Math.min(1, Math.max(0, part));
    nearest = Math.min(nearest, Math.hypot(from.x - start.x - at * alongX, from.y - start.y - at * alongY));
  }
  return nearest;
}

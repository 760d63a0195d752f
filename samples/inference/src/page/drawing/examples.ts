import type { Stroke } from './strokes.ts';

/** A part of an ellipse around a place, from one angle to another in turns, clockwise from the right. */
function arc(
  x: number,
  y: number,
  [wide, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): Stroke {
  return Array.from({ length: 25 }, (_, step) => {
    const angle = 2 * Math.PI * (from + ((to - from) * step) / 24);
    return { x: x + wide * Math.cos(angle), y: y + high * Math.sin(angle) };
  });
}

function line(...numbers: readonly (readonly [number, number])[]): Stroke {
  return numbers.map(([x, y]) => ({ x, y }));
}

/** Each digit as a hand may write it: for anyone who does not draw, and for tests. */
export const examples: readonly (readonly Stroke[])[] = [
  [arc(0.5, 0.5, [0.2, 0.35], [0, 1])],
  [line([0.38, 0.28], [0.52, 0.15], [0.52, 0.85])],
  [[...arc(0.5, 0.34, [0.2, 0.19], [0.5, 1.06]), ...line([0.3, 0.85], [0.74, 0.85])]],
  [[...arc(0.48, 0.32, [0.19, 0.17], [0.55, 1.25]), ...arc(0.48, 0.67, [0.21, 0.18], [-0.25, 0.45])]],
  [line([0.52, 0.15], [0.26, 0.58], [0.76, 0.58]), line([0.6, 0.4], [0.6, 0.85])],
  [[...line([0.7, 0.15], [0.36, 0.15], [0.34, 0.46]), ...arc(0.48, 0.63, [0.22, 0.21], [-0.32, 0.42])]],
  [[...line([0.6, 0.15], [0.4, 0.38]), ...arc(0.5, 0.65, [0.19, 0.2], [0.5, 1.5])]],
  [line([0.28, 0.17], [0.72, 0.17], [0.42, 0.85])],
  [arc(0.5, 0.32, [0.16, 0.16], [0.25, 1.25]), arc(0.5, 0.67, [0.19, 0.18], [-0.25, 0.75])],
  [arc(0.5, 0.34, [0.18, 0.19], [0, 1]), line([0.68, 0.34], [0.66, 0.6], [0.56, 0.85])],
];

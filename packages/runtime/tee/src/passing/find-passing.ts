import { courierPassing } from './courier.ts';
import { nativePassing } from './native.ts';
import type { FrameText, Passing } from './passing.ts';

/**
 * How this process can pass connections: its own way where this Node has it, otherwise a courier. @returns undefined when it cannot
 * @param textOf makes the text of each frame
 */
export function findPassing<F>(textOf: FrameText<F>): Passing<F> | undefined {
  return nativePassing(textOf) ?? courierPassing(textOf);
}

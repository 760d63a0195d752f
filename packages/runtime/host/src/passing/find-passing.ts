import { courierPassing } from './courier.ts';
import { nativePassing } from './native.ts';
import type { Passing } from './passing.ts';

let found: { readonly passing: Passing | undefined } | undefined;

/** How this process can pass connections: its own way where this Node has it, otherwise a courier. @returns undefined when it cannot */
export function findPassing(): Passing | undefined {
  found ??= { passing: nativePassing() ?? courierPassing() };
  return found.passing;
}

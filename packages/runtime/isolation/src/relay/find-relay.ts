import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The file name of the relay. */
export const relayName = 'enclos-relay';

/**
 * Finds the relay of private networks, which `npm run build` makes where gcc-14 or clang-19 is installed and which the tarball of this
 * package carries.
 * @param module beside whose program of one file, such as a container image has, or in whose package it is
 * @returns its path, or undefined where it was not built
 */
export function findRelay(module: string = import.meta.url): string | undefined {
  const places = ['./native/', '../../native/'].map((place) => join(fileURLToPath(new URL(place, module)), relayName));
  return places.find((path) => existsSync(path));
}

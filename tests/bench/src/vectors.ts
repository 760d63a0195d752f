import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Third-party evidence lies outside the repository, as for the tests. */
const folder =
  process.env['ENCLOS_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url));

export const hasVectors: boolean = existsSync(folder);

export function vector(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, path)));
}

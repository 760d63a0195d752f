import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Third-party evidence lies outside the repository, as for the tests. */
const folder =
  process.env['ENCLOS_VECTORS'] ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url));

/** @throws an Error that says what is missing: without vectors there is nothing to compare, and so no figure. */
export function vector(path: string): Uint8Array {
  if (!existsSync(folder)) throw new Error(`there are no vectors at ${folder}; name their folder in ENCLOS_VECTORS.`);
  return new Uint8Array(readFileSync(join(folder, path)));
}

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where `npm run build` copies the C header from `sdk/c`. */
export const cHeaderPath = fileURLToPath(new URL('./enclos.h', import.meta.url));

/** The C header for programs that ask for evidence and keys, as `enclos c-header` prints it. */
export function cHeader(): Promise<string> {
  return readFile(cHeaderPath, 'utf8');
}

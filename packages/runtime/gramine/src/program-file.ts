import { fileURLToPath } from 'node:url';

/**
 * The program, in one file: the same bytes in every installation of this version. Copy it to where the manifest names it,
 * as a trusted file.
 */
export const gramineProgram: string = fileURLToPath(new URL('../program/enclos-gramine.mjs', import.meta.url));

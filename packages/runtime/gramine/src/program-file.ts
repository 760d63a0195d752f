import { fileURLToPath } from 'node:url';

/**
 * The program, in one file: the same bytes in every installation of this version. Copy it to the path that the manifest names
 * as a trusted file.
 */
export const gramineProgram: string = fileURLToPath(new URL('../program/enclos-gramine.mjs', import.meta.url));

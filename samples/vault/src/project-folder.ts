import { fileURLToPath } from 'node:url';

/** The folder with `enclave.json` of the vault. */
export const vaultProjectFolder = fileURLToPath(new URL('../../', import.meta.url));

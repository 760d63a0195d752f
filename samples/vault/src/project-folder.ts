import { fileURLToPath } from 'node:url';

/** Where `enclave.json` of the vault is. */
export const vaultProjectFolder = fileURLToPath(new URL('../../', import.meta.url));

import { fileURLToPath } from 'node:url';

/** The folder with `enclave.json` of the sample. */
export const tlsEchoProjectFolder = fileURLToPath(new URL('../../', import.meta.url));

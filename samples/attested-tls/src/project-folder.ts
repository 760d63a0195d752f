import { fileURLToPath } from 'node:url';

/** Where `enclave.json` of the sample is. */
export const attestedTlsProjectFolder = fileURLToPath(new URL('../../', import.meta.url));

import { fileURLToPath } from 'node:url';

/** Where `enclave.json` of the sample is. */
export const helloWorldProjectFolder = fileURLToPath(new URL('../../', import.meta.url));

/** COSE messages and keys, read strictly before anything is verified. Runs in browsers and enclaves. */
export { coseAlgorithms, type CoseAlgorithm } from './algorithms.ts';
export { maximumHeaderBytes, readHeader, type CoseHeader, type CoseLabel } from './headers.ts';
export { readCoseKey, writeCoseKey, type CoseKey } from './key.ts';
export type { CoseRule } from './refusal.ts';
export {
  coseProtectedHeader,
  coseSigningInput,
  readCoseSign1,
  writeCoseSign1,
  type CoseHeaderContent,
  type CoseSign1,
  type CoseSign1Bounds,
  type SigningInputOptions,
} from './sign1.ts';

export { duplexPair } from './duplex-pair.ts';
export { vectors } from './vectors.ts';

export { type JwsAlgorithm, isStrongKey, verifySignature } from './algorithms.ts';
export { type CompactJws, readCompactJws } from './compact-jws.ts';

export { type JwsAlgorithm, isStrongKey, verifySignature } from './algorithms.ts';
export { type CompactJws, readCompactJws, decodeUtf8 } from './compact-jws.ts';

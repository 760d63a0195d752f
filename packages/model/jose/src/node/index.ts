/** What services do with JOSE over node:crypto, within the caller's turn. */
export { encryptJwe, type EncryptionKey, type JweAlgorithm } from './jwe.ts';
export { openJwe, readCompactJwe, type Jwe, type JweBounds, type OpenedJweAlgorithm } from './open-jwe.ts';
export { thumbprintOf } from './thumbprint.ts';
export { nodePublicKeyOf, verifyJwsSync, type NodePublicKey } from './verify.ts';
export { encryptWrappedJwe } from './wrap-jwe.ts';

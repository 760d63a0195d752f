/** JSON Web Signatures and keys, read strictly before anything is verified. Runs in browsers and enclaves. */
export { isSignatureAlgorithm, type JwsAlgorithm, type SignatureAlgorithm } from './algorithms.ts';
export { readCompactJws, type CompactJws, type JwsBounds } from './compact-jws.ts';
export { readJwt, type Jwt } from './jwt.ts';
export { algorithmOfSignatureKey, readKeySet } from './key-set.ts';
export {
  jwkOf,
  keyTypeOf,
  publicKeyOfJwk,
  publicKeyOfSpki,
  publicMembers,
  samePublicKey,
  signatureKeyOfJwk,
  signatureKeyOfSpki,
  thumbprintInput,
  type EdwardsKey,
  type PublicKey,
  type SignatureKey,
} from './public-key.ts';
export type { JoseRule } from './refusal.ts';
export { verifyJws, type SignatureFault, type VerificationCrypto } from './verify.ts';
export { compactJws, jwsSigningInput, unsignedJws } from './writer.ts';
export { readX5c, type X5cBounds } from './x5c.ts';

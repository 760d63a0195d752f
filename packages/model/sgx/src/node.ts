export type { sgxErrors } from './errors.ts';
export { aesCmac, reportMac } from './node/cmac.ts';
export { sha256 } from './node/hash.ts';
export { measureImage } from './node/measure-image.ts';
export { signSigstruct } from './node/sign-sigstruct.ts';
export { generateSigningKey, loadSigningKey, publicModulus } from './node/signing-key.ts';
export { computeQ1Q2 } from './sigstruct/verify.ts';

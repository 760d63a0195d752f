// What `@enclos/attestation-service/token-signer` exports: for enclaves that sign tokens as the service does.
export type { JsonClaims, PublishedKey, RotatingTokenSigner, TokenSigner, TokenSignerOptions } from './signer.ts';
export { createTokenSigner } from './token-signer.ts';

import '../errors.ts';
export { type Authenticate, type AuthenticateOptions, createAuthenticate } from './authenticate.ts';
export { type BearerRefusal, type BearerVerdict, type BearerOptions, verifyBearer } from './bearer.ts';
export { knownCertificate } from './client-certificate.ts';
export {
  type Principal,
  anonymous,
  type BearerConfiguration,
  type IdentityConfiguration,
  type FetchKeys,
} from './identity.ts';
export {
  type IssuerKey,
  type KeySet,
  readKeySet,
  keySetOf,
  type IssuerKeysOptions,
  IssuerKeys,
} from './issuer-keys.ts';

export { type TlsIdentityOptions, type TlsKeyPair, createTlsKeyPair } from './tls-key-pair.ts';

export { secureClient, type TlsClientOptions } from './tls-client.ts';
export { type TlsIdentityOptions, type TlsKeyPair, createTlsKeyPair } from './tls-key-pair.ts';

/** HPKE and the protocols on it for requests to enclaves. Runs in browsers and enclaves. */
import './errors.ts';
export {
  bhttpRequestDecoder,
  bhttpResponseDecoder,
  decodeBhttpRequest,
  decodeBhttpResponse,
  type BhttpDecoder,
  type BhttpEvent,
  type BhttpMessage,
} from './bhttp/decode.ts';
export { bhttpStream, encodeBhttpRequest, encodeBhttpResponse, type BhttpEncodeOptions } from './bhttp/encode.ts';
export type { BhttpField, BhttpLimits, BhttpRequestHead, BhttpResponseHead } from './bhttp/message.ts';
export type { StreamLimits, StreamOpener, StreamSealer } from './chunks/stream.ts';
export {
  EhbpRequestOpener,
  beginEhbpRequest,
  ehbp,
  ehbpSuite,
  type EhbpRequestSealer,
  type EhbpResponseSealer,
  type EhbpServiceOptions,
} from './ehbp/ehbp.ts';
export type { AeadKey, Awaitable, Encapsulation, HpkeEngine, Kem } from './engine.ts';
export { Hpke, type HpkeContext, type RecipientContext, type SenderContext } from './hpke/hpke.ts';
export { KemKeyPair } from './hpke/key-pair.ts';
export {
  beginOhttpRequest,
  sealOhttpRequest,
  type OhttpClientOptions,
  type OhttpRequest,
  type OhttpRequestSealer,
} from './ohttp/client.ts';
export {
  encodeKeyConfig,
  encodeKeyConfigList,
  keyConfigType,
  parseKeyConfig,
  parseKeyConfigList,
  type KeyConfig,
} from './ohttp/key-config.ts';
export {
  azureOhttpProfile,
  chunkedOhttpProfile,
  ohttpProfile,
  requireRequestType,
  type OhttpProfile,
} from './ohttp/profile.ts';
export {
  OhttpRequestOpener,
  openOhttpRequest,
  type KeyFinder,
  type OhttpServiceOptions,
  type OpenedOhttpRequest,
} from './ohttp/service.ts';
export {
  aeadIds,
  kdfIds,
  kemIds,
  type AeadId,
  type HpkeSuite,
  type KdfId,
  type KemId,
  type SymmetricSuite,
} from './suites.ts';
export { webEngine, type WebCryptoSource, type WebEngineOptions } from './web/engine.ts';
export { xWingFrom, type XWingLibrary } from './web/x-wing.ts';

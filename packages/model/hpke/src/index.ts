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
export { type RequestBinding } from './bound/binding.ts';
export { boundTypes, readBoundMessage, type BoundHead, type BoundParts } from './bound/head.ts';
export { coarsePadding, noPadding, type PaddingBuckets } from './bound/padding.ts';
export { ReplayWindow, requestName, type ReplayWindowOptions } from './bound/replay-window.ts';
export {
  openBoundRequest,
  sealBoundRequest,
  type BoundClientOptions,
  type BoundRequest,
  type BoundServiceOptions,
  type OpenedBoundRequest,
} from './bound/request.ts';
export { openWhole, type StreamLimits, type StreamOpener, type StreamSealer } from './chunks/stream.ts';
export {
  EhbpRequestOpener,
  beginEhbpRequest,
  ehbp,
  ehbpSuite,
  type EhbpRequestSealer,
  type EhbpResponseSealer,
  type EhbpServiceOptions,
} from './ehbp/ehbp.ts';
export type { AeadKey, Awaitable, Encapsulation, HpkeEngine, Kem, SealingForm } from './engine.ts';
export { Hpke, type HpkeContext, type RecipientContext, type SenderContext } from './hpke/hpke.ts';
export { KemKeyPair } from './hpke/key-pair.ts';
export {
  currentKey,
  encodeKeySet,
  keySetDigest,
  keySetType,
  parseKeySet,
  type KeySetDocument,
  type PublishedKey,
} from './keys/document.ts';
export { KeySet, type KeySetOptions } from './keys/key-set.ts';
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
export { readRequestHeader } from './ohttp/header.ts';
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
  ClientSession,
  openSession,
  type ClientExchange,
  type SessionClientOptions,
  type SessionOpening,
} from './session/client.ts';
export { sessionTypes, type SessionLimits } from './session/life.ts';
export {
  ServerExchange,
  ServerSession,
  acceptSession,
  sessionIdOf,
  type SessionServerOptions,
} from './session/server.ts';
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

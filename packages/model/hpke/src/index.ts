/** HPKE and the protocols on it for requests to enclaves. Runs in browsers and enclaves. */
import './errors.ts';
export type { AeadKey, Awaitable, Encapsulation, HpkeEngine, Kem } from './engine.ts';
export { Hpke, hpkeOf, type HpkeContext, type RecipientContext, type SenderContext } from './hpke/hpke.ts';
export { KemKeyPair } from './hpke/key-pair.ts';
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

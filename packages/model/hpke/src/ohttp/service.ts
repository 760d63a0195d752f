import { after, type Awaitable, type HpkeEngine } from '../engine.ts';
import { ChunkOpener, PrefixedOpener, openWhole, streamSealer } from '../chunks/stream.ts';
import type { StreamLimits, StreamOpener, StreamSealer } from '../chunks/stream.ts';
import { EnclosError } from '@enclos/errors';
import { hpkeOf, type RecipientContext } from '../hpke/hpke.ts';
import type { KemKeyPair } from '../hpke/key-pair.ts';
import { responseNonceBytes, responseSealer, responseSecret } from '../hpke/response-key.ts';
import type { HpkeSuite } from '../suites.ts';
import { headerBytes, readRequestHeader, requestInfo, requestPrefixBytes } from './header.ts';
import type { OhttpProfile } from './profile.ts';

/**
 * Finds the key that a request names. It may refuse the suite.
 *
 * @throws HPKE_KEY_STALE for a key that is not there, or not any more; HPKE_UNSUPPORTED for a suite that it does not take.
 */
export type KeyFinder = (keyId: number, suite: HpkeSuite) => KemKeyPair;

export interface OhttpServiceOptions extends StreamLimits {
  readonly profile: OhttpProfile;
  readonly keyOf: KeyFinder;
}

/** A request that is arriving: its body in pieces of any size, and the response to it. */
export class OhttpRequestOpener implements StreamOpener {
  readonly #engine: HpkeEngine;
  readonly #options: OhttpServiceOptions;
  readonly #stream: StreamOpener;
  #context: RecipientContext | undefined;

  constructor(engine: HpkeEngine, options: OhttpServiceOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#stream = new PrefixedOpener(requestPrefixBytes, (prefix) => this.#begin(prefix));
  }

  /** The context of the request, once its head has arrived: for a `ReplayWindow`, whose name of the request it exports. */
  get context(): RecipientContext {
    if (this.#context === undefined) {
      throw new EnclosError('HPKE_TRUNCATED', 'The head of the request has not arrived.');
    }
    return this.#context;
  }

  async push(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.#stream.push(bytes);
  }

  async end(): Promise<readonly Uint8Array[]> {
    return this.#stream.end();
  }

  finish(bytes: Uint8Array): Awaitable<readonly Uint8Array[]> {
    return this.#stream.finish(bytes);
  }

  /**
   * Begins the response, under a key that this request alone gives. Each call makes another key.
   *
   * @throws HPKE_TRUNCATED before the head of the request has arrived.
   */
  async sealResponse(): Promise<StreamSealer> {
    const { responseLabel: label, responseFraming } = this.#options.profile;
    const nonce = this.#engine.randomBytes(responseNonceBytes(this.context.suite));
    const common = await responseSecret(this.context, label);
    const sealer = await responseSealer(this.#engine, { ...common, nonce });
    return streamSealer(sealer, responseFraming, nonce);
  }

  #begin(prefix: Uint8Array): Awaitable<StreamOpener> {
    const { keyId, suite } = readRequestHeader(prefix);
    const { profile, keyOf } = this.#options;
    const info = requestInfo(profile, prefix.subarray(0, headerBytes));
    const hpke = hpkeOf(this.#engine, suite);
    const parts = hpke.recipient(keyOf(keyId, suite), prefix.subarray(headerBytes), info);
    return after(parts, ({ context, opener }) => {
      this.#context = context;
      return new ChunkOpener(opener, profile.requestFraming, this.#options);
    });
  }
}

/** A request that was all there, and is open. */
export interface OpenedOhttpRequest {
  readonly request: Uint8Array;
  readonly context: RecipientContext;
  readonly sealResponse: (response: Uint8Array) => Promise<Uint8Array>;
}

/**
 * Opens a whole request.
 *
 * @example
 * ```ts
 * import { ohttpProfile, openOhttpRequest, type HpkeEngine, type KeySet } from '@enclos/hpke';
 *
 * export async function open(engine: HpkeEngine, keys: KeySet, message: Uint8Array) {
 *   const keyOf = keys.finder(Date.now());
 *   return openOhttpRequest(engine, { profile: ohttpProfile, keyOf, maxBytes: 1_000_000 }, message);
 * }
 * ```
 *
 * @throws HPKE_OPEN_FAILED, HPKE_TRUNCATED, HPKE_LIMIT_EXCEEDED, HPKE_UNSUPPORTED, HPKE_KEY_INVALID, HPKE_KEY_STALE.
 */
export async function openOhttpRequest(
  engine: HpkeEngine,
  options: OhttpServiceOptions,
  message: Uint8Array,
): Promise<OpenedOhttpRequest> {
  const opener = new OhttpRequestOpener(engine, options);
  const request = await openWhole(opener, message);
  return Object.freeze({
    request,
    context: opener.context,
    sealResponse: async (response: Uint8Array) => (await opener.sealResponse()).sealAll(response),
  });
}

import { concatBytes } from '@enclos/codec';
import { after, type HpkeEngine } from '../engine.ts';
import { ChunkOpener, PrefixedOpener, openWhole, streamSealer } from '../chunks/stream.ts';
import type { StreamLimits, StreamOpener, StreamSealer } from '../chunks/stream.ts';
import { hpkeOf } from '../hpke/hpke.ts';
import { responseNonceBytes, responseOpener, responseSecret } from '../hpke/response-key.ts';
import type { SymmetricSuite } from '../suites.ts';
import { requestHeader, requestInfo } from './header.ts';
import { chooseSuite, type KeyConfig } from './key-config.ts';
import type { OhttpProfile } from './profile.ts';

export interface OhttpClientOptions {
  readonly profile: OhttpProfile;
  readonly config: KeyConfig;
  /** Default: the first of the configuration. */
  readonly suite?: SymmetricSuite;
}

/** A request that is being sent, and what opens its response. */
export interface OhttpRequestSealer extends StreamSealer {
  readonly openResponse: (limits: StreamLimits) => StreamOpener;
}

/**
 * Begins a request of a profile, sealed to a key configuration.
 *
 * @example
 * ```ts
 * import { beginOhttpRequest, chunkedOhttpProfile, type HpkeEngine, type KeyConfig } from '@enclos/hpke';
 *
 * type Send = (bytes: Uint8Array) => void;
 *
 * export async function ask(engine: HpkeEngine, config: KeyConfig, body: Uint8Array, send: Send) {
 *   const request = await beginOhttpRequest(engine, { profile: chunkedOhttpProfile, config });
 *   send(request.head);
 *   send(await request.seal(body, true));
 *   return request.openResponse({ maxBytes: 1_000_000 });
 * }
 * ```
 *
 * @throws HPKE_UNSUPPORTED, HPKE_KEY_INVALID.
 */
export async function beginOhttpRequest(
  engine: HpkeEngine,
  { profile, config, suite: wanted }: OhttpClientOptions,
): Promise<OhttpRequestSealer> {
  const suite = chooseSuite(config, wanted);
  const header = requestHeader(config.keyId, suite);
  const { context, sealer } = await hpkeOf(engine, suite).sender(config.publicKey, requestInfo(profile, header));
  const common = await responseSecret(context, profile.responseLabel);
  return Object.freeze({
    ...streamSealer(sealer, profile.requestFraming, concatBytes(header, context.enc)),
    openResponse: (limits: StreamLimits) =>
      new PrefixedOpener(
        () => responseNonceBytes(suite),
        (nonce) =>
          after(
            responseOpener(engine, { ...common, nonce }),
            (opener) => new ChunkOpener(opener, profile.responseFraming, limits),
          ),
      ),
  });
}

/** A sealed request that is all there. */
export interface OhttpRequest {
  readonly message: Uint8Array;
  readonly openResponse: (message: Uint8Array, limits: StreamLimits) => Promise<Uint8Array>;
}

/** Seals a whole request: see `beginOhttpRequest`. */
export async function sealOhttpRequest(
  engine: HpkeEngine,
  options: OhttpClientOptions,
  request: Uint8Array,
): Promise<OhttpRequest> {
  const sealer = await beginOhttpRequest(engine, options);
  return Object.freeze({
    message: await sealer.sealAll(request),
    openResponse: async (message: Uint8Array, limits: StreamLimits) => openWhole(sealer.openResponse(limits), message),
  });
}

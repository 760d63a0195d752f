import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { openWhole, type StreamLimits, type StreamOpener, type StreamSealer } from '../chunks/stream.ts';
import type { HpkeEngine } from '../engine.ts';
import { hpkeOf, type HpkeContext } from '../hpke/hpke.ts';
import { chooseSuite, type KeyConfig } from '../ohttp/key-config.ts';
import type { KeyFinder } from '../ohttp/service.ts';
import type { SymmetricSuite } from '../suites.ts';
import type { RequestBinding } from './binding.ts';
import { boundAad, boundInfo, encodeBoundHead, readBoundMessage, requestIdBytes, type BoundHead } from './head.ts';
import { noPadding, paddingOf, unpad, type PaddingBuckets } from './padding.ts';
import { requestName, type ReplayWindow } from './replay-window.ts';
import { openBoundResponse, sealBoundResponse } from './response.ts';

export interface BoundClientOptions {
  readonly config: KeyConfig;
  readonly binding: RequestBinding;
  readonly dateMs: number;
  /** Default: the first of the configuration. */
  readonly suite?: SymmetricSuite;
  /** Default: 16 random bytes. */
  readonly requestId?: Uint8Array;
  /** Default: none. */
  readonly padding?: PaddingBuckets;
}

/** A bound request that is sealed, and what opens its response. */
export interface BoundRequest {
  readonly message: Uint8Array;
  readonly requestId: Uint8Array;
  /** The context of HPKE, for a session or other secrets of both ends. */
  readonly context: HpkeContext;
  readonly openResponse: (limits: StreamLimits) => StreamOpener;
  readonly openWholeResponse: (response: Uint8Array, limits: StreamLimits) => Promise<Uint8Array>;
}

/**
 * Seals a request to one key, about one method, path and model, at one date.
 *
 * @example
 * ```ts
 * import { sealBoundRequest, type HpkeEngine, type KeyConfig, type RequestBinding } from '@enclos/hpke';
 *
 * interface Service {
 *   readonly config: KeyConfig;
 *   readonly post: (message: Uint8Array) => Promise<Uint8Array>;
 * }
 *
 * export async function ask(engine: HpkeEngine, { config, post }: Service, binding: RequestBinding, body: Uint8Array) {
 *   const request = await sealBoundRequest(engine, { config, binding, dateMs: Date.now() }, body);
 *   return request.openWholeResponse(await post(request.message), { maxBytes: 1_000_000 });
 * }
 * ```
 *
 * @throws HPKE_UNSUPPORTED, HPKE_KEY_INVALID, HPKE_MESSAGE_INVALID, HPKE_LIMIT_EXCEEDED.
 */
export async function sealBoundRequest(
  engine: HpkeEngine,
  options: BoundClientOptions,
  content: Uint8Array,
): Promise<BoundRequest> {
  const { config, binding, dateMs, requestId = engine.randomBytes(requestIdBytes), padding = noPadding } = options;
  const suite = chooseSuite(config, options.suite);
  const { keyId } = config;
  const head = encodeBoundHead({ keyId, suite, requestId, dateMs });
  const context = await hpkeOf(engine, suite).setUpSender(config.publicKey, boundInfo(keyId, suite));
  const tail = paddingOf(content.length, padding);
  const ciphertext = await context.seal(content, boundAad(head, binding), { tail });
  const openResponse = (limits: StreamLimits): StreamOpener => openBoundResponse(engine, context, limits);
  return Object.freeze({
    message: concatBytes(head, context.enc, ciphertext),
    requestId,
    context,
    openResponse,
    openWholeResponse: async (response: Uint8Array, limits: StreamLimits) => openWhole(openResponse(limits), response),
  });
}

export interface BoundServiceOptions extends StreamLimits {
  readonly keyOf: KeyFinder;
  /** What the service acts on: the request line that it saw, and the model that it runs. */
  readonly binding: RequestBinding;
  readonly window: ReplayWindow;
  readonly nowMs: number;
}

/** A bound request that is open, and accepted for the first time. */
export interface OpenedBoundRequest extends BoundHead {
  readonly content: Uint8Array;
  readonly context: HpkeContext;
  /** Each call makes another key, so no nonce comes twice. */
  readonly sealResponse: (padding?: PaddingBuckets) => Promise<StreamSealer>;
  readonly sealWholeResponse: (response: Uint8Array, padding?: PaddingBuckets) => Promise<Uint8Array>;
}

/**
 * Opens a bound request: its date first, then the seal, then whether it comes for the first time.
 *
 * @throws HPKE_DATE_REFUSED, HPKE_KEY_STALE, HPKE_OPEN_FAILED for another binding too, HPKE_REPLAYED, HPKE_WINDOW_FULL,
 * HPKE_LIMIT_EXCEEDED, HPKE_MESSAGE_INVALID, HPKE_TRUNCATED, HPKE_UNSUPPORTED, HPKE_KEY_INVALID.
 */
export async function openBoundRequest(
  engine: HpkeEngine,
  { keyOf, binding, window, nowMs, maxBytes }: BoundServiceOptions,
  message: Uint8Array,
): Promise<OpenedBoundRequest> {
  const { head, enc, ciphertext, keyId, suite, requestId, dateMs } = readBoundMessage(message);
  if (ciphertext.length > maxBytes) {
    throw new EnclosError('HPKE_LIMIT_EXCEEDED', `The bound request has more than ${maxBytes} bytes.`);
  }
  window.checkDate(dateMs, nowMs);
  const context = await hpkeOf(engine, suite).setUpRecipient(keyOf(keyId, suite), enc, boundInfo(keyId, suite));
  const padded = await context.open(ciphertext, boundAad(head, binding));
  window.accept(await requestName(context), dateMs, nowMs);
  const sealResponse = async (padding = noPadding): Promise<StreamSealer> =>
    sealBoundResponse(engine, context, padding);
  return Object.freeze({
    keyId,
    suite,
    requestId,
    dateMs,
    content: unpad(padded),
    context,
    sealResponse,
    sealWholeResponse: async (response: Uint8Array, padding?: PaddingBuckets) =>
      (await sealResponse(padding)).sealAll(response),
  });
}

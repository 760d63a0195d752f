import { concatBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u32 } from '../big-endian.ts';
import { encodeBinding, type RequestBinding } from '../bound/binding.ts';
import { noPadding, type PaddingBuckets } from '../bound/padding.ts';
import { sealBoundRequest } from '../bound/request.ts';
import { paddedOpener, paddedSealer } from '../bound/response.ts';
import type { StreamLimits, StreamOpener, StreamSealer } from '../chunks/stream.ts';
import type { HpkeEngine } from '../engine.ts';
import type { KeyConfig } from '../ohttp/key-config.ts';
import type { SymmetricSuite } from '../suites.ts';
import { exchangeOpener, exchangeSealer } from './exchange.ts';
import { serverNonceBytes, sessionKeys, type SessionKeys } from './keys.ts';
import { SessionLife, openingBinding, openingContent, sessionVersion, type SessionLimits } from './life.ts';

export interface SessionClientOptions {
  readonly config: KeyConfig;
  readonly dateMs: number;
  readonly suite?: SymmetricSuite;
}

/** An opening that is sealed. */
export interface SessionOpening {
  readonly message: Uint8Array;
  /**
   * Reads the server's answer.
   *
   * @throws HPKE_OPEN_FAILED, HPKE_MESSAGE_INVALID, HPKE_TRUNCATED.
   */
  readonly finish: (answer: Uint8Array, nowMs: number) => Promise<ClientSession>;
}

/**
 * Begins a session: one set-up of HPKE for many requests, for where something between client and enclave ends TLS.
 *
 * @example
 * ```ts
 * import { openSession, type ClientSession, type HpkeEngine, type KeyConfig } from '@enclos/hpke';
 *
 * type Post = (message: Uint8Array) => Promise<Uint8Array>;
 *
 * export async function open(engine: HpkeEngine, config: KeyConfig, post: Post): Promise<ClientSession> {
 *   const opening = await openSession(engine, { config, dateMs: Date.now() });
 *   return opening.finish(await post(opening.message), Date.now());
 * }
 * ```
 */
export async function openSession(
  engine: HpkeEngine,
  { config, dateMs, suite }: SessionClientOptions,
): Promise<SessionOpening> {
  const options = { config, dateMs, binding: openingBinding, ...(suite === undefined ? {} : { suite }) };
  const request = await sealBoundRequest(engine, options, openingContent);
  return Object.freeze({
    message: request.message,
    finish: async (answer: Uint8Array, nowMs: number) => {
      const content = await request.openWholeResponse(answer, { maxBytes: 1024 });
      if (content.length !== serverNonceBytes + 8) throw new EnclosError('HPKE_MESSAGE_INVALID');
      const view = new DataView(content.buffer, content.byteOffset + serverNonceBytes);
      const limits = { lifetimeMs: view.getUint32(0), maxExchanges: view.getUint32(4) };
      const keys = await sessionKeys(engine, request.context, content.subarray(0, serverNonceBytes));
      return new ClientSession(keys, limits, nowMs);
    },
  });
}

/** One request of a session and what opens its response. */
export interface ClientExchange extends StreamSealer {
  readonly exchange: number;
  readonly openResponse: (limits: StreamLimits) => StreamOpener;
}

export class ClientSession {
  readonly #keys: SessionKeys;
  readonly #life: SessionLife;
  #next = 0;

  constructor(keys: SessionKeys, limits: SessionLimits, nowMs: number) {
    this.#keys = keys;
    this.#life = new SessionLife(limits, nowMs);
  }

  /**
   * Begins an exchange. Any number may be in flight.
   *
   * @throws HPKE_SESSION_GONE after its life or its last exchange.
   */
  begin(binding: RequestBinding, nowMs: number, padding: PaddingBuckets = noPadding): ClientExchange {
    this.#life.check(this.#next, nowMs);
    const exchange = this.#next++;
    const encoded = encodeBinding(binding);
    const { sessionId, client, server } = this.#keys;
    const head = concatBytes(Uint8Array.of(sessionVersion), sessionId, u32(exchange));
    const sealer = exchangeSealer({ direction: client, exchange, binding: encoded });
    return Object.freeze({
      ...paddedSealer(sealer, head, padding),
      exchange,
      openResponse: (limits: StreamLimits) =>
        paddedOpener(exchangeOpener({ direction: server, exchange, binding: encoded }), limits),
    });
  }
}

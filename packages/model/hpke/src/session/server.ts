import { concatBytes, equalBytes } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import { u32 } from '../big-endian.ts';
import { encodeBinding, type RequestBinding } from '../bound/binding.ts';
import { noPadding, type PaddingBuckets } from '../bound/padding.ts';
import type { ReplayWindow } from '../bound/replay-window.ts';
import { openBoundRequest } from '../bound/request.ts';
import { paddedOpener, paddedSealer } from '../bound/response.ts';
import { PrefixedOpener, type StreamLimits, type StreamOpener, type StreamSealer } from '../chunks/stream.ts';
import { after, type Awaitable, type HpkeEngine } from '../engine.ts';
import { empty } from '../hpke/labels.ts';
import type { KeyFinder } from '../ohttp/service.ts';
import { exchangeOpener, exchangeSealer } from './exchange.ts';
import { ExchangeNumbers } from './exchange-numbers.ts';
import { serverNonceBytes, sessionIdBytes, sessionKeys, type SessionKeys } from './keys.ts';
import {
  SessionLife,
  openingBinding,
  openingContent,
  requestHeadBytes,
  sessionVersion,
  type SessionLimits,
} from './life.ts';

export interface SessionServerOptions extends SessionLimits {
  readonly keyOf: KeyFinder;
  readonly window: ReplayWindow;
  readonly nowMs: number;
}

/**
 * Accepts a session. Keep it by its `sessionId`, in a map that strangers cannot fill.
 *
 * @throws as `openBoundRequest`.
 */
export async function acceptSession(
  engine: HpkeEngine,
  { lifetimeMs, maxExchanges, ...options }: SessionServerOptions,
  message: Uint8Array,
): Promise<{ readonly session: ServerSession; readonly answer: Uint8Array }> {
  const opened = await openBoundRequest(engine, { ...options, binding: openingBinding, maxBytes: 256 }, message);
  if (!equalBytes(opened.content, openingContent)) throw new EnclosError('HPKE_MESSAGE_INVALID');
  if (![lifetimeMs, maxExchanges].every((limit) => Number.isInteger(limit) && limit > 0 && limit <= 0xffff_ffff)) {
    throw new EnclosError('HPKE_LIMIT_EXCEEDED', 'The limits of a session are whole numbers of up to 32 bits.');
  }
  const serverNonce = engine.randomBytes(serverNonceBytes);
  const numbers = concatBytes(u32(lifetimeMs), u32(maxExchanges));
  const answer = await opened.sealWholeResponse(concatBytes(serverNonce, numbers));
  const keys = await sessionKeys(engine, opened.context, serverNonce);
  return { session: new ServerSession(keys, { lifetimeMs, maxExchanges }, options.nowMs), answer };
}

/** The session that a request names, from the front of its body: 21 bytes are enough. */
export function sessionIdOf(body: Uint8Array): Uint8Array {
  if (body.length < requestHeadBytes) throw new EnclosError('HPKE_TRUNCATED');
  if (body[0] !== sessionVersion) {
    throw new EnclosError('HPKE_MESSAGE_INVALID', 'The request of a session has another version.');
  }
  return body.slice(1, 1 + sessionIdBytes);
}

export class ServerSession {
  readonly #keys: SessionKeys;
  readonly #life: SessionLife;
  readonly #numbers = new ExchangeNumbers();

  constructor(keys: SessionKeys, limits: SessionLimits, nowMs: number) {
    this.#keys = keys;
    this.#life = new SessionLife(limits, nowMs);
  }

  get sessionId(): Uint8Array {
    return this.#keys.sessionId;
  }

  /** Opens a request of the session, whose body arrives in pieces. */
  receive(binding: RequestBinding, limits: StreamLimits, nowMs: number): ServerExchange {
    return new ServerExchange({
      keys: this.#keys,
      binding: encodeBinding(binding),
      limits,
      check: (exchange) => this.#life.check(exchange, nowMs),
      accept: (exchange) => this.#numbers.accept(exchange),
    });
  }
}

interface ServerExchangeInput {
  readonly keys: SessionKeys;
  readonly binding: Uint8Array;
  readonly limits: StreamLimits;
  readonly check: (exchange: number) => void;
  readonly accept: (exchange: number) => void;
}

/** A request of a session that is arriving, and its response. */
export class ServerExchange implements StreamOpener {
  readonly #input: ServerExchangeInput;
  readonly #stream: StreamOpener;
  /** Undefined until the first chunk is open, and after the response has begun. */
  #unanswered: number | undefined;

  constructor(input: ServerExchangeInput) {
    this.#input = input;
    this.#stream = new PrefixedOpener(
      () => requestHeadBytes,
      (head) => this.#begin(head),
    );
  }

  /** @throws HPKE_REPLAYED, HPKE_SESSION_GONE, and as any `StreamOpener`. */
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
   * Begins the response. An exchange has one: a second would repeat its nonces.
   *
   * @throws HPKE_MESSAGE_INVALID for a second one, or before a chunk of the request is open.
   */
  sealResponse(padding: PaddingBuckets = noPadding): StreamSealer {
    const exchange = this.#unanswered;
    if (exchange === undefined) {
      throw new EnclosError('HPKE_MESSAGE_INVALID', 'An exchange has one response, after its request.');
    }
    this.#unanswered = undefined;
    const { keys, binding } = this.#input;
    return paddedSealer(exchangeSealer({ direction: keys.server, exchange, binding }), empty, padding);
  }

  #begin(head: Uint8Array): StreamOpener {
    const { keys, binding, limits, check, accept } = this.#input;
    if (!equalBytes(sessionIdOf(head), keys.sessionId)) throw new EnclosError('HPKE_SESSION_GONE');
    const exchange = new DataView(head.buffer, head.byteOffset + 1 + sessionIdBytes).getUint32(0);
    check(exchange);
    const opener = exchangeOpener({ direction: keys.client, exchange, binding });
    let isAccepted = false;
    const once = (ciphertext: Uint8Array, mark: Uint8Array): Awaitable<Uint8Array> =>
      after(opener.open(ciphertext, mark), (plaintext) => {
        // After the first chunk is known to be genuine: otherwise a host could use up numbers of the client.
        if (!isAccepted) {
          accept(exchange);
          isAccepted = true;
          this.#unanswered = exchange;
        }
        return plaintext;
      });
    return paddedOpener({ open: once }, limits);
  }
}

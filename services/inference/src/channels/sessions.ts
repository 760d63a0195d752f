import { concatBytes, toHex } from '@enclos/codec';
import { acceptSession, coarsePadding, sessionIdOf, sessionTypes, type ServerSession } from '@enclos/hpke';
import { EnclosError } from '@enclos/errors';
import type { HttpResponse } from '@enclos/http';
import { answerInside, requestInside } from './binary-http.ts';
import type { ChannelContext, OpenedRequest, SealedRequest } from './channel.ts';
import { collect, sealedPieces } from './seal-stream.ts';

/** Where sessions are opened and used. */
export const sessionPath = '/v1/session';
/** Bound to each exchange; what the request is about is inside it. */
const binding = Object.freeze({ method: 'POST', path: sessionPath, model: '', modelDigest: new Uint8Array() });

export interface SessionsOptions {
  /** Default: an hour. */
  readonly lifetimeMs?: number;
  /** Default: 100,000. */
  readonly maxExchanges?: number;
  /** The most at once; the oldest ends for a new one. Default: 4096. */
  readonly maxSessions?: number;
}

/** Sessions for clients whose TLS ends before the enclave. A client opens one with one sealed request, and seals the others by its keys. */
export class Sessions {
  readonly #context: ChannelContext;
  readonly #options: Required<SessionsOptions>;
  /** In the order in which they were used. */
  readonly #sessions = new Map<string, ServerSession>();

  constructor(
    context: ChannelContext,
    { lifetimeMs = 3_600_000, maxExchanges = 100_000, maxSessions = 4096 }: SessionsOptions = {},
  ) {
    this.#context = context;
    this.#options = { lifetimeMs, maxExchanges, maxSessions };
  }

  /** @throws HPKE_* */
  async open({ body }: SealedRequest): Promise<HttpResponse> {
    const { engine, keys, window, nowMs } = this.#context;
    const now = nowMs();
    const { lifetimeMs, maxExchanges, maxSessions } = this.#options;
    const options = { keyOf: keys.finder(now), window, nowMs: now, lifetimeMs, maxExchanges };
    const { session, answer } = await acceptSession(engine, options, body);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(toHex(session.sessionId), session);
    return { status: 200, headers: { 'content-type': sessionTypes.opened, 'cache-control': 'no-store' }, body: answer };
  }

  /** Opens a request of a session. @throws HPKE_SESSION_GONE and other HPKE_*, OHTTP_MESSAGE_INVALID */
  async receive({ body, signal }: SealedRequest): Promise<OpenedRequest> {
    const id = toHex(sessionIdOf(body));
    const session = this.#sessions.get(id);
    if (session === undefined) throw new EnclosError('HPKE_SESSION_GONE');
    const { maxBytes, nowMs } = this.#context;
    const exchange = session.receive(binding, { maxBytes }, nowMs());
    const chunks = [...(await exchange.push(body)), ...(await exchange.end())];
    // Only a genuine request makes it young again.
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return {
      request: requestInside(concatBytes(...chunks), { maxBytes, signal }),
      async seal(answer) {
        const sealer = exchange.sealResponse(coarsePadding);
        const pieces = answerInside(answer);
        return {
          status: 200,
          headers: { 'content-type': sessionTypes.response, 'cache-control': 'no-store' },
          body:
            answer.body instanceof Uint8Array
              ? concatBytes(sealer.head, await sealer.seal(await collect(pieces, maxBytes), true))
              : sealedPieces(sealer, pieces),
        };
      },
    };
  }
}

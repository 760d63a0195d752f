import { peerOf } from '@enclos/bounded';
import { toHex } from '@enclos/codec';
import {
  acceptSession,
  coarsePadding,
  noPadding,
  openWhole,
  sessionIdOf,
  sessionTypes,
  type PaddingBuckets,
  type ServerSession,
} from '@enclos/hpke';
import { EnclosError } from '@enclos/errors';
import type { HttpResponse } from '@enclos/http';
import type { ApiAnswer } from '../api/api-request.ts';
import { requestInside } from './binary-http.ts';
import type { ChannelContext, OpenedRequest, SealedRequest } from './channel.ts';
import { sealedAnswer } from './seal-stream.ts';

/** Where sessions are opened and used. */
export const sessionPath = '/v1/session';
/** Bound to each exchange; what the request is about is inside it. */
const binding = Object.freeze({ method: 'POST', path: sessionPath, model: '', modelDigest: new Uint8Array() });

export interface SessionsOptions {
  /** Default: an hour. */
  readonly lifetimeMs?: number;
  /** Default: 100,000. */
  readonly maxExchanges?: number;
  /** The most at once. For a new one the oldest ends of the peer that has most of them. Default: 4096. */
  readonly maxSessions?: number;
}

interface HeldSession {
  readonly session: ServerSession;
  readonly peer: string;
}

/** A message in one piece has its padding inside. */
const paddingFor = ({ body }: ApiAnswer): PaddingBuckets => (body instanceof Uint8Array ? noPadding : coarsePadding);

/** Sessions for clients whose TLS ends before the enclave. A client opens one with one sealed request, and seals the others by its keys. */
export class Sessions {
  readonly #context: ChannelContext;
  readonly #options: Required<SessionsOptions>;
  /** In the order in which they were used. */
  readonly #sessions = new Map<string, HeldSession>();

  constructor(
    context: ChannelContext,
    { lifetimeMs = 3_600_000, maxExchanges = 100_000, maxSessions = 4096 }: SessionsOptions = {},
  ) {
    this.#context = context;
    this.#options = { lifetimeMs, maxExchanges, maxSessions };
  }

  /** @param id in hex */
  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  /** How many are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** @throws HPKE_* */
  async open({ body, remoteAddress }: SealedRequest): Promise<HttpResponse> {
    const { engine, keys, window, nowMs } = this.#context;
    const now = nowMs();
    const { lifetimeMs, maxExchanges, maxSessions } = this.#options;
    const options = { keyOf: keys.finder(now), window, nowMs: now, lifetimeMs, maxExchanges };
    const { session, answer } = await acceptSession(engine, options, body);
    if (this.#sessions.size >= maxSessions) this.#makeRoom();
    this.#sessions.set(toHex(session.sessionId), { session, peer: peerOf(remoteAddress) });
    return { status: 200, headers: { 'content-type': sessionTypes.opened, 'cache-control': 'no-store' }, body: answer };
  }

  /** Opens a request of a session. @throws HPKE_SESSION_GONE and other HPKE_*, OHTTP_MESSAGE_INVALID */
  async receive({ body, signal }: SealedRequest): Promise<OpenedRequest> {
    const id = toHex(sessionIdOf(body));
    const held = this.#sessions.get(id);
    if (held === undefined) throw new EnclosError('HPKE_SESSION_GONE');
    const { maxBytes, nowMs } = this.#context;
    const exchange = held.session.receive(binding, { maxBytes }, nowMs());
    const message = await openWhole(exchange, body);
    // Only a genuine request makes it young again.
    this.#sessions.delete(id);
    this.#sessions.set(id, held);
    return {
      request: requestInside(message, { maxBytes, signal }),
      seal: async (answer) =>
        sealedAnswer(exchange.sealResponse(paddingFor(answer)), answer, {
          contentType: sessionTypes.response,
          maxBytes,
        }),
    };
  }

  /** One peer that opens many pushes out its own. Behind a proxy all clients are one peer. */
  #makeRoom(): void {
    const counts = new Map<string, number>();
    for (const { peer } of this.#sessions.values()) counts.set(peer, (counts.get(peer) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const oldest = [...this.#sessions].find(([, { peer }]) => counts.get(peer) === most);
    if (oldest !== undefined) this.#sessions.delete(oldest[0]);
  }
}

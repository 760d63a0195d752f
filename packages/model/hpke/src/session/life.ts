import { utf8 } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { RequestBinding } from '../bound/binding.ts';
import { empty } from '../hpke/labels.ts';
import { sessionIdBytes } from './keys.ts';

/** The media types of a session. */
export const sessionTypes = Object.freeze({
  open: 'application/vnd.enclos.session-open',
  opened: 'application/vnd.enclos.session-opened',
  request: 'application/vnd.enclos.session-request',
  response: 'application/vnd.enclos.session-response',
} as const);

/** Bound to the opening of a session in place of a request line, so that neither passes for the other. */
export const openingBinding: RequestBinding = Object.freeze({
  method: 'OPEN',
  path: 'enclos session',
  model: '',
  modelDigest: empty,
});
export const openingContent = utf8('session 1');
export const sessionVersion = 1;
export const requestHeadBytes = 1 + sessionIdBytes + 4;

/** What the server sets and the client keeps to. */
export interface SessionLimits {
  readonly lifetimeMs: number;
  readonly maxExchanges: number;
}

/** How long a session lasts, whatever the clock does. */
export class SessionLife {
  readonly #limits: SessionLimits;
  readonly #endMs: number;
  #isOver = false;

  constructor(limits: SessionLimits, nowMs: number) {
    this.#limits = limits;
    this.#endMs = nowMs + limits.lifetimeMs;
  }

  /** @throws HPKE_SESSION_GONE. */
  check(exchange: number, nowMs: number): void {
    // Once over, a session stays so: a clock that goes back does not revive it.
    this.#isOver ||= nowMs >= this.#endMs;
    if (this.#isOver || exchange >= this.#limits.maxExchanges) throw new EnclosError('HPKE_SESSION_GONE');
  }
}

import { processClock, type HttpClock } from '../clock.ts';
import { misused } from '../errors.ts';
import type { HttpResponse } from '../types.ts';

/** One event of `text/event-stream` (WHATWG HTML, section 9.2). It has at least one of these. */
export interface ServerSentEvent {
  /** May have several lines; a client gets each line break as LF. Without data a client uses only `id` and `retryMs`. */
  readonly data?: string | undefined;
  /** The type. Default at the client: `message`. Without line breaks. */
  readonly event?: string | undefined;
  /** The value that a reconnecting client sends as `Last-Event-ID`. Without line breaks and NUL. */
  readonly id?: string | undefined;
  /** How long a client waits before it connects again. */
  readonly retryMs?: number | undefined;
}

export interface EventStreamOptions {
  /** How often a comment keeps the connection alive and checks that the client is still there. Default 15 seconds. */
  readonly heartbeatMs?: number | undefined;
  /** Further headers. `content-type` and `cache-control` are set for you. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The clock for the heartbeat. Default: the clock of the process. */
  readonly clock?: HttpClock | undefined;
}

const defaultHeartbeatMs = 15_000;
/** A comment without text, and an empty line, which does not end an event. */
const heartbeat = ':\n\n';

/**
 * An answer of server-sent events. When the client leaves, `return` of the events is called.
 * @example
 * ```ts
 * import { eventStream, type HttpHandler } from '@enclos/http';
 *
 * async function* ticks(signal: AbortSignal): AsyncGenerator<{ data: string }> {
 *   for (let i = 0; i < 3 && !signal.aborted; i++) yield await Promise.resolve({ data: `tick ${i}` });
 * }
 * export const handler: HttpHandler = (_, { signal }) => eventStream(ticks(signal));
 * ```
 * @throws HTTP_MISUSED for a heartbeat that is not a number of milliseconds. An event that cannot be sent breaks the connection, and the server's `onError` gets HTTP_MISUSED.
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  { heartbeatMs = defaultHeartbeatMs, headers = {}, clock = processClock }: EventStreamOptions = {},
): HttpResponse {
  if (!Number.isSafeInteger(heartbeatMs) || heartbeatMs < 1 || heartbeatMs >= 2 ** 31) {
    misused('heartbeatMs is not a whole number from 1 to 2^31 - 1.');
  }
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    body: {
      [Symbol.asyncIterator]: () => new BeatingEvents(events[Symbol.asyncIterator](), { heartbeatMs, clock }),
    },
  };
}

/**
 * The text of one event, with the empty line after it.
 * @throws HTTP_MISUSED for an event with nothing in it, and for a value that would begin another field or event.
 */
export function encodeEvent({ data, event, id, retryMs }: ServerSentEvent): string {
  let text = '';
  if (event !== undefined) text += field('event', oneLine('type', event));
  if (id !== undefined) text += field('id', withoutNull(oneLine('id', id)));
  if (retryMs !== undefined) text += field('retry', milliseconds(retryMs));
  if (data !== undefined) for (const line of textOf('data', data).split(/\r\n|\r|\n/)) text += field('data', line);
  if (text === '') misused('An event has no field.');
  return `${text}\n`;
}

/** A client drops one space after the colon, and no more. */
function field(name: string, value: string): string {
  return `${name}: ${value}\n`;
}

function textOf(name: string, value: unknown): string {
  return typeof value === 'string' ? value : misused(`The ${name} of an event is not a string.`);
}

function oneLine(name: string, value: unknown): string {
  const text = textOf(name, value);
  return /[\r\n]/.test(text) ? misused(`The ${name} of an event has a line break.`) : text;
}

/** A client ignores an id with NUL. */
function withoutNull(id: string): string {
  return id.includes('\0') ? misused('The id of an event has a NUL.') : id;
}

function milliseconds(value: unknown): string {
  return Number.isSafeInteger(value) && Number(value) >= 0
    ? String(value)
    : misused('retryMs of an event is not a whole number of milliseconds.');
}

interface Waiting {
  readonly resolve: (result: IteratorResult<string, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Events as text, with a heartbeat whenever the next one is late. It asks for one event at a time, and holds one at most. */
class BeatingEvents implements AsyncIterator<string, undefined> {
  readonly #events: AsyncIterator<ServerSentEvent>;
  readonly #options: { readonly heartbeatMs: number; readonly clock: HttpClock };
  #stopBeating: (() => void) | undefined;
  #waiting: Waiting | undefined;
  /** The result of a call to `next` that arrived while nothing waited for it. */
  #ready: Promise<IteratorResult<string, undefined>> | undefined;
  #isAsked = false;

  constructor(
    events: AsyncIterator<ServerSentEvent>,
    options: { readonly heartbeatMs: number; readonly clock: HttpClock },
  ) {
    this.#events = events;
    this.#options = options;
  }

  next(): Promise<IteratorResult<string, undefined>> {
    const { heartbeatMs, clock } = this.#options;
    this.#stopBeating ??= clock.every(heartbeatMs, () => this.#beat());
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready !== undefined) return ready;
    if (!this.#isAsked) void this.#ask();
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.#stopBeating?.();
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  #beat(): void {
    this.#take()?.resolve({ done: false, value: heartbeat });
  }

  async #ask(): Promise<void> {
    this.#isAsked = true;
    const result = this.#nextEvent();
    // A heartbeat may have answered the call that asked: a later call may be waiting now, or none.
    await result.catch(() => undefined);
    this.#isAsked = false;
    const waiting = this.#take();
    if (waiting === undefined) this.#ready = result;
    else result.then(waiting.resolve, waiting.reject);
  }

  async #nextEvent(): Promise<IteratorResult<string, undefined>> {
    let next: IteratorResult<ServerSentEvent>;
    try {
      next = await this.#events.next();
    } catch (error) {
      this.#stopBeating?.();
      throw error;
    }
    if (next.done === true) {
      this.#stopBeating?.();
      return { done: true, value: undefined };
    }
    try {
      return { done: false, value: encodeEvent(next.value) };
    } catch (error) {
      // The events do not know yet that they are no longer wanted.
      this.return().catch(() => undefined);
      throw error;
    }
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

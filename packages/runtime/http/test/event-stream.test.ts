import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import fc from 'fast-check';
import { eventStream, type HttpClock, type ServerSentEvent } from '../src/index.ts';
import { encodeEvent } from '../src/writing/event-stream.ts';

interface Received {
  readonly data: string;
  readonly event: string;
  readonly id: string;
}

/** What a client takes of a stream: the algorithm of WHATWG HTML, section 9.2.6, written from its text. */
function receive(text: string): {
  readonly events: Received[];
  readonly retryMs: number | undefined;
  readonly id: string;
} {
  const events: Received[] = [];
  let [data, event, id, retryMs] = ['', '', '', undefined as number | undefined];
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line === '') {
      if (data !== '') events.push({ data: data.slice(0, -1), event: event || 'message', id });
      [data, event] = ['', ''];
      continue;
    }
    if (line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const rest = colon === -1 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (name === 'event') event = value;
    else if (name === 'data') data += `${value}\n`;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) retryMs = Number(value);
  }
  return { events, retryMs, id };
}

const tricky = fc.string({ unit: fc.constantFrom('a', ' ', ':', '\n', '\r', '\0', 'data', 'é', '\u2028', '\ufeff') });
const oneLine = tricky.map((text) => text.replaceAll(/[\r\n\0]/g, ''));

describe('an event', () => {
  test('is received as it was sent, whatever is in it, and as one', () => {
    fc.assert(
      fc.property(tricky, oneLine, oneLine, (data, event, id) => {
        const { events } = receive(encodeEvent({ data, event, id }) + encodeEvent({ data: 'next' }));
        const expected = data.replaceAll(/\r\n|\r/g, '\n');
        assert.deepEqual(events, [
          { data: expected, event: event || 'message', id },
          { data: 'next', event: 'message', id },
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  test('without data sets what a client that comes again says', () => {
    const received = receive(encodeEvent({ id: '7', retryMs: 3000 }));
    assert.deepEqual(received, { events: [], retryMs: 3000, id: '7' });
  });

  test('is refused when it has nothing in it, or what would begin another one', () => {
    const wrong: readonly unknown[] = [
      {},
      { data: undefined },
      { data: 1 },
      { data: 'a', event: 'a\nb' },
      { data: 'a', event: 'a\rb' },
      { data: 'a', id: 'a\nb' },
      { data: 'a', id: 'a\0b' },
      { data: 'a', id: 7 },
      { retryMs: -1 },
      { retryMs: 1.5 },
      { retryMs: '1\ndata: b' },
    ];
    for (const event of wrong) {
      assert.throws(() => encodeEvent(event as ServerSentEvent), { code: 'HTTP_MISUSED' }, JSON.stringify(event));
    }
  });
});

/** A clock whose beats a test gives. */
function testClock(): { clock: HttpClock; beat: () => void; isRunning: () => boolean } {
  let run: (() => void) | undefined;
  const clock: HttpClock = {
    now: () => 0,
    every(_intervalMs, given) {
      run = given;
      return () => (run = undefined);
    },
  };
  return { clock, beat: () => run?.(), isRunning: () => run !== undefined };
}

function iterate(body: unknown): AsyncIterator<string> {
  return (body as AsyncIterable<string>)[Symbol.asyncIterator]();
}

describe('a stream of events', () => {
  test('says what it is, and is not kept by caches', () => {
    const { status, headers } = eventStream([] as unknown as AsyncIterable<ServerSentEvent>, {
      headers: { 'x-a': 'b' },
    });
    assert.equal(status, 200);
    assert.deepEqual(headers, { 'x-a': 'b', 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  });

  test('has a heartbeat while the next event is late, and loses no event to it', async () => {
    const { clock, beat, isRunning } = testClock();
    let give: (event: ServerSentEvent) => void = () => undefined;
    let asked = 0;
    let returned = 0;
    const events = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked += 1;
          return new Promise<IteratorResult<ServerSentEvent>>(
            (resolve) => (give = (value) => resolve({ done: false, value })),
          );
        },
        return: () => {
          returned += 1;
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const iterator = iterate(eventStream(events, { clock, heartbeatMs: 10 }).body);
    assert.ok(!isRunning());
    for (let i = 0; i < 2; i++) {
      const next = iterator.next();
      beat();
      assert.deepEqual(await next, { done: false, value: ':\n\n' });
    }
    assert.equal(asked, 1);
    // Nothing waits for a heartbeat, nor for this event.
    beat();
    give({ data: 'a' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await iterator.next(), { done: false, value: 'data: a\n\n' });
    const next = iterator.next();
    give({ data: 'b' });
    assert.deepEqual(await next, { done: false, value: 'data: b\n\n' });
    assert.equal(asked, 2);
    await iterator.return?.();
    assert.equal(returned, 1);
    assert.ok(!isRunning());
  });

  test('ends its heartbeat with the events, when they fail, and at an event that cannot be sent', async () => {
    const endings: readonly (readonly [() => AsyncGenerator<ServerSentEvent>, string | undefined])[] = [
      [
        async function* ends() {
          yield await Promise.resolve({ data: 'a' });
        },
        undefined,
      ],
      [
        async function* fails() {
          yield await Promise.resolve({ data: 'a' });
          throw new Error('of the source');
        },
        'of the source',
      ],
      [
        async function* wrong() {
          yield await Promise.resolve({ data: 'a' });
          yield { event: 'a\nb' };
        },
        'The type of an event has a line break.',
      ],
    ];
    for (const [events, message] of endings) {
      const { clock, isRunning } = testClock();
      const iterator = iterate(eventStream(events(), { clock }).body);
      assert.deepEqual(await iterator.next(), { done: false, value: 'data: a\n\n' });
      assert.ok(isRunning());
      if (message === undefined) assert.deepEqual(await iterator.next(), { done: true, value: undefined });
      else await assert.rejects(iterator.next(), { message });
      assert.ok(!isRunning());
    }
  });

  test('refuses a heartbeat that is not a number of milliseconds', () => {
    const none = [] as unknown as AsyncIterable<ServerSentEvent>;
    for (const heartbeatMs of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
      assert.throws(
        () => eventStream(none, { heartbeatMs }),
        (error) => isEnclosError(error, 'HTTP_MISUSED'),
      );
    }
  });
});

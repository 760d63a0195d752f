import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Answer } from '../src/answer.ts';
import type { Route } from '../src/source.ts';
import { send, type TransportOptions } from '../src/transport.ts';
import { rejection, serveRaw, type Served } from './support.ts';

const slept: number[] = [];
const sleep = async (ms: number): Promise<void> => void slept.push(ms);
const get = (url: string, options: TransportOptions = {}, form: Route['form'] = 'json'): Promise<Answer> =>
  send('the item', { url: new URL(url), form }, { sleep, ...options });

const open: Served[] = [];
async function serving(listener: Parameters<typeof serveRaw>[0]): Promise<Served> {
  const served = await serveRaw(listener);
  open.push(served);
  return served;
}

after(() => Promise.all(open.map((served) => served.close())));

/** Answers one status after the other, and 200 when there are no more. */
function statuses(...list: readonly (readonly [status: number, headers?: Record<string, string>])[]) {
  const left = [...list];
  return serving((_request, response) => {
    const [status, headers = {}] = left.shift() ?? [200];
    response.writeHead(status, headers).end('{}');
  });
}

describe('retries', () => {
  test('429 and 5xx are asked again, after the time that they ask for', async () => {
    slept.length = 0;
    const { url, requests } = await statuses([429, { 'Retry-After': '7' }], [503]);
    assert.equal(new TextDecoder().decode((await get(url)).body), '{}');
    assert.deepEqual(slept, [7000, 1000]);
    assert.equal(requests.length, 3);
  });

  test('a date is a time to wait, too', async () => {
    slept.length = 0;
    const now = new Date('2026-06-01T12:00:00Z');
    const { url } = await statuses([503, { 'Retry-After': 'Mon, 01 Jun 2026 12:00:09 GMT' }]);
    await get(url, { now: () => now });
    assert.deepEqual(slept, [9000]);
  });

  test('a wait that is too long ends it at once, and is told', async () => {
    slept.length = 0;
    const { url, requests } = await statuses([429, { 'Retry-After': '3600' }]);
    const error = await rejection(get(url), 'ENDORSEMENTS_SOURCE_FAILED');
    assert.deepEqual([error.details['status'], error.details['retryAfterSeconds']], [429, 3600]);
    assert.deepEqual([slept, requests.length], [[], 1]);
  });

  test('a number of times, and then it has failed', async () => {
    const { url, requests } = await statuses([500], [502], [503], [504]);
    const error = await rejection(get(url), 'ENDORSEMENTS_SOURCE_FAILED');
    assert.deepEqual([error.details['status'], requests.length], [503, 3]);
  });

  for (const [status, code] of [
    [400, 'ENDORSEMENTS_SOURCE_REFUSED'],
    [401, 'ENDORSEMENTS_SOURCE_REFUSED'],
    [403, 'ENDORSEMENTS_SOURCE_REFUSED'],
    [404, 'ENDORSEMENTS_NOT_FOUND'],
    [410, 'ENDORSEMENTS_WITHDRAWN'],
    [460, 'ENDORSEMENTS_SOURCE_REFUSED'],
    [461, 'ENDORSEMENTS_NOT_FOUND'],
    [462, 'ENDORSEMENTS_NOT_FOUND'],
    [204, 'ENDORSEMENTS_SOURCE_REFUSED'],
  ] as const) {
    test(`${status} is an answer: asked once`, async () => {
      const { url, requests } = await statuses([status]);
      await rejection(get(url), code);
      assert.equal(requests.length, 1);
    });
  }

  test('what a service says is told, without what a terminal would obey', async () => {
    const { url } = await statuses([400, { 'Error-Code': 'Bad\u009b31m', 'Error-Message': `x${'y'.repeat(500)}` }]);
    const { details } = await rejection(get(url), 'ENDORSEMENTS_SOURCE_REFUSED');
    assert.match(String(details['reason']), /^Bad 31m: xy{1,200}$/);
    assert.equal(String(details['reason']).length, 200);
  });
});

describe('redirects', () => {
  test('within the host are followed', async () => {
    const { url } = await serving((request, response) => {
      if (request.url === '/') response.writeHead(302, { Location: '/there' }).end();
      else response.end('{"at":1}');
    });
    assert.equal((await get(url)).body.length, 8);
  });

  test('to another host, port or scheme are not', async () => {
    const other = await statuses();
    for (const location of [other.url, 'http://169.254.169.254/', '//example.invalid/', 'file:///etc/passwd', '']) {
      const { url } = await statuses([301, { Location: location }]);
      await rejection(get(url), 'ENDORSEMENTS_ANSWER_INVALID');
    }
    assert.deepEqual(other.requests, []);
  });

  test('and never without an end', async () => {
    const { url, requests } = await serving((_request, response) => response.writeHead(307, { Location: '/' }).end());
    await rejection(get(url), 'ENDORSEMENTS_ANSWER_INVALID');
    assert.equal(requests.length, 4);
  });
});

describe('bounds', () => {
  test('an announced length over the bound is refused before it is read', async () => {
    const { url } = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Length': String(10 ** 9) });
      response.write('{');
    });
    const error = await rejection(get(url), 'ENDORSEMENTS_ANSWER_INVALID');
    assert.match(error.message, /more than 262144 bytes/);
  });

  test('a body without an end is cut off', async () => {
    let written = 0;
    const { url } = await serving((_request, response) => {
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await rejection(get(url), 'ENDORSEMENTS_ANSWER_INVALID');
    assert.ok(written < 20_000_000, `${written} bytes were taken`);
  });

  test('a small body that unpacks to a large one counts as large', async () => {
    const { gzipSync } = await import('node:zlib');
    const { url } = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)));
    });
    await rejection(get(url), 'ENDORSEMENTS_ANSWER_INVALID');
  });

  for (const [what, listener] of [
    ['says nothing', () => undefined],
    ['says it byte by byte', drip],
  ] as const) {
    test(`a server that ${what} does not hold us longer than the timeout`, async () => {
      const { url } = await serving(listener);
      const startedAt = performance.now();
      const error = await rejection(get(url, { timeoutMs: 300 }), 'ENDORSEMENTS_UNREACHABLE');
      assert.match(error.message, /no answer within 300 ms/);
      assert.ok(performance.now() - startedAt < 60_000);
    });
  }

  test('neither does a network function that ignores that it should stop', async () => {
    const network = (): Promise<Response> => new Promise(() => undefined);
    await rejection(get('http://127.0.0.1:1', { network, timeoutMs: 50 }), 'ENDORSEMENTS_UNREACHABLE');
  });

  test('the body of an error is not read', async () => {
    const { url } = await serving((_request, response) => {
      response.writeHead(404);
      drip(_request, response);
    });
    await rejection(get(url, { timeoutMs: 5000 }), 'ENDORSEMENTS_NOT_FOUND');
  });

  test('a host that is not there is unreachable, with the reason of the system', async () => {
    const error = await rejection(get('http://127.0.0.1:1'), 'ENDORSEMENTS_UNREACHABLE');
    assert.match(error.message, /^http:\/\/127\.0\.0\.1:1 cannot be reached: /);
    assert.equal(error.details['item'], 'the item');
  });
});

function drip(_request: unknown, response: import('node:http').ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
}

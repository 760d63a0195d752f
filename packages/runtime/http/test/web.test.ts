import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { HttpHandler } from '../src/index.ts';
import { webHandlers, type WebHandler, type WebHandlerOptions } from '../src/web.ts';
import { boundedPair } from './bounded-pair.ts';
import { bodies, get, isClosed, quiet, testServer, type Client, type TestOptions, type TestServer } from './server.ts';

function webServer(handler: WebHandler, options: WebHandlerOptions = {}, server: TestOptions = {}): TestServer {
  const { handler: whole, streamed } = webHandlers(handler, options);
  return testServer(whole, { ...server, ...(streamed === undefined ? {} : { streamed }) });
}

async function asked(server: TestServer, message: string): Promise<Client> {
  const client = server.connect();
  client.stream.write(message);
  await quiet();
  return client;
}

const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('a handler of the web standard', () => {
  test('gets method, URL as it was sent, headers and body, and what is known of the connection', async () => {
    const seen: unknown[] = [];
    const server = webServer(async (request, { remoteAddress, clientCertificate }) => {
      const { method, url, headers } = request;
      seen.push([method, url, headers.get('x-one'), await request.text(), remoteAddress, clientCertificate]);
      return new Response('answer', { status: 201, headers: { 'x-two': 'b' } });
    });
    const message = post('/a%20b/?q=%20&r', 'hello').replace('Host', 'X-One: a\r\nHost');
    const client = await asked(server, message);
    assert.deepEqual(seen, [['POST', 'https://a.test/a%20b/?q=%20&r', 'a', 'hello', '192.0.2.1 50000', undefined]]);
    assert.equal(
      client.text(),
      'HTTP/1.1 201 Created\r\ncontent-type: text/plain;charset=UTF-8\r\nx-two: b\r\ncontent-length: 6\r\n\r\nanswer',
    );
  });

  test('answers with the same bytes as a handler that returns the same thing directly', async () => {
    const names = fc.constantFrom('x-a', 'x-b', 'etag', 'location', 'content-type');
    const values = fc.stringMatching(/^[a-z0-9=/"-]{0,20}$/);
    const answers = fc.record({
      status: fc.constantFrom(200, 201, 404, 500),
      headers: fc.dictionary(names, values, { minKeys: 1 }).map((given) => {
        const all = { 'content-type': 'text/plain', ...given };
        return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
      }),
      body: fc.oneof(fc.string(), fc.uint8Array({ maxLength: 40_000 })),
    });
    const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS');
    await fc.assert(
      fc.asyncProperty(answers, methods, async ({ status, headers, body }, method) => {
        const direct: HttpHandler = () => ({ status, headers, body });
        const web: WebHandler = () => new Response(body as RequestInit['body'], { status, headers });
        const message = `${method} /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
        const ours = await asked(webServer(web), message);
        const theirs = await asked(testServer(direct), message);
        assert.equal(ours.text(), theirs.text());
        assert.notEqual(theirs.text(), '');
      }),
      { numRuns: 60 },
    );
  });

  test('sends each cookie in its own line, and leaves the fields of the connection to the server', async () => {
    const server = webServer(() => {
      const headers = new Headers({ connection: 'close', 'content-length': '999', date: 'x', 'x-kept': '1' });
      headers.append('set-cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT');
      headers.append('set-cookie', 'b=2');
      return new Response(null, { status: 204, headers });
    });
    const client = await asked(server, get('/'));
    assert.equal(
      client.text(),
      'HTTP/1.1 204 No Content\r\nx-kept: 1\r\nset-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nset-cookie: b=2\r\n\r\n',
    );
  });

  test('is not asked about a GET with a body, or about a host that no URL has', async () => {
    let calls = 0;
    const server = webServer(() => new Response(String((calls += 1))));
    const withBody = await asked(server, 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
    assert.match(withBody.text(), /^HTTP\/1\.1 400 [^]*A GET with a body is not served\.\n$/);
    const strange = await asked(server, 'GET / HTTP/1.1\r\nHost: 300.0.0.1\r\n\r\n');
    assert.match(strange.text(), /^HTTP\/1\.1 400 /);
    assert.equal(calls, 0);
    const old = await asked(
      webServer(({ url }) => new Response(url), { scheme: 'http' }),
      'GET /p HTTP/1.0\r\n\r\n',
    );
    assert.deepEqual(bodies(old), ['http://host.invalid/p']);
  });

  test('that throws, or returns what cannot be sent, is a 500 without a reason, and onError has it', async () => {
    const used = new Response('used');
    await used.text();
    const failing: readonly (readonly [WebHandler, RegExp])[] = [
      [
        () => {
          throw new Error('secret');
        },
        /secret/,
      ],
      [() => Promise.reject(new Error('secret')), /secret/],
      [() => 'text' as unknown as Response, /did not return a Response/],
      [() => ({ status: 200 }) as unknown as Response, /did not return a Response/],
      [() => Response.error(), /error response/],
      [() => used, /locked|disturbed|read/i],
      [() => new Response('x', { headers: { 'x-a': '\xe4' } }), /cannot be sent/],
    ];
    for (const [handler, reason] of failing) {
      const server = webServer(handler);
      const client = await asked(server, get('/'));
      assert.equal(bodies(client).join(''), 'Internal Server Error\n');
      assert.match(String(server.errors[0]), reason);
    }
  });
});

/** A stream whose chunks a test gives. */
function source(): {
  stream: ReadableStream<Uint8Array>;
  give: (text: string) => void;
  end: () => void;
  fail: (error: Error) => void;
  cancelled: () => number;
} {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelled = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (given) => void (controller = given),
      cancel: () => void (cancelled += 1),
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    give: (text) => controller?.enqueue(Buffer.from(text)),
    end: () => controller?.close(),
    fail: (error) => controller?.error(error),
    cancelled: () => cancelled,
  };
}

describe('the body of an answer', () => {
  test('that is not complete goes in chunks as it comes, its head before the first chunk', async () => {
    const { stream, give, end } = source();
    const client = await asked(
      webServer(() => new Response(stream)),
      get('/'),
    );
    assert.equal(client.text(), 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    give('one');
    await quiet();
    give('two');
    await quiet();
    assert.deepEqual(bodies(client), ['3\r\none\r\n3\r\ntwo\r\n']);
    end();
    await quiet();
    assert.deepEqual(bodies(client), ['3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n']);
  });

  test('that fails midway ends the connection without a last chunk', async () => {
    const { stream, give, fail } = source();
    const server = webServer(() => new Response(stream));
    const client = await asked(server, get('/'));
    give('one');
    await quiet();
    fail(new Error('broken'));
    await quiet();
    assert.ok(isClosed(client));
    assert.deepEqual(bodies(client), ['3\r\none\r\n']);
    assert.match(String(server.errors[0]), /broken/);
  });

  test('is cancelled when the client leaves, also one that gave nothing yet, and the request is aborted', async () => {
    for (const first of ['', 'one']) {
      const { stream, give, cancelled } = source();
      const aborted: boolean[] = [];
      const server = webServer(({ signal }) => {
        signal.addEventListener('abort', () => aborted.push(true));
        return new Response(stream);
      });
      const client = await asked(server, get('/'));
      if (first !== '') give(first);
      await quiet();
      client.stream.destroy();
      await quiet();
      assert.deepEqual([cancelled(), aborted], [1, [true]]);
    }
  });

  test('is not asked for more than the client takes', async () => {
    let made = 0;
    const stream = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill((made += 1))) },
      { highWaterMark: 0 },
    );
    const client = webServer(() => new Response(stream)).connect('192.0.2.1', boundedPair());
    client.stream.pause();
    client.stream.write(get('/'));
    for (let i = 0; i < 20; i++) await quiet();
    assert.ok(made > 0 && made < 40, `${made} chunks were made`);
    client.stream.destroy();
  });
});

describe('the body of a request', () => {
  test('comes whole by default, and beyond its limit the handler is not called', async () => {
    let calls = 0;
    const server = webServer(() => new Response(String((calls += 1))), {}, { limits: { maxBodyBytes: 10 } });
    const client = await asked(server, post('/', 'x'.repeat(11)));
    assert.match(client.text(), /^HTTP\/1\.1 413 /);
    assert.equal(calls, 0);
  });

  test('comes as it is sent where the handler asks for it, and is answered as it comes', async () => {
    const seen: string[] = [];
    const server = webServer(
      async ({ body }) => {
        for await (const piece of body ?? []) seen.push(Buffer.from(piece as Uint8Array).toString());
        return new Response(seen.join('+'));
      },
      { streams: ({ path }) => path === '/up' },
    );
    const client = await asked(
      server,
      'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n',
    );
    assert.deepEqual(seen, ['one']);
    client.stream.write('3\r\ntwo\r\n0\r\n\r\n');
    await quiet();
    assert.deepEqual(bodies(client), ['one+two']);
    // Other requests are as always: whole, and bounded before the handler is called.
    const bounded = webServer(
      () => new Response('called'),
      { streams: ({ path }) => path === '/up' },
      { limits: { maxBodyBytes: 1 } },
    );
    assert.match((await asked(bounded, post('/other', 'xx'))).text(), /^HTTP\/1\.1 413 /);
    assert.match((await asked(bounded, post('/up', 'xx'))).text(), /^HTTP\/1\.1 200 /);
    const got = await asked(server, get('/up'));
    assert.match(got.text(), /^HTTP\/1\.1 200 /);
  });

  test('of any size is only for the path that was judged: one with dots is neither streamed nor served', async () => {
    const seen: string[] = [];
    const server = webServer(
      async (request) => {
        seen.push(`${new URL(request.url).pathname} ${(await request.text()).length}`);
        return new Response('called');
      },
      { streams: ({ path }) => path.startsWith('/up/') },
      { limits: { maxBodyBytes: 4 } },
    );
    for (const dots of ['..', '%2e%2E', '.%2e', '%2E.', './..']) {
      // Larger than a body may be that is not streamed, and then not larger.
      assert.match((await asked(server, post(`/up/${dots}/login`, 'x'.repeat(9)))).text(), /^HTTP\/1\.1 413 /);
      assert.match(
        (await asked(server, post(`/up/${dots}/login`, 'x'))).text(),
        /^HTTP\/1\.1 400 [^]*segments of dots/,
      );
    }
    for (const path of ['/a/..', '/.', '/a/%2e/b']) {
      assert.match((await asked(server, get(path))).text(), /^HTTP\/1\.1 400 /);
    }
    assert.deepEqual(seen, []);
    for (const path of ['/a..b', '/...', '/.well-known/x', '/a./b', '/up/..a']) await asked(server, get(path));
    assert.deepEqual(seen, ['/a..b 0', '/... 0', '/.well-known/x 0', '/a./b 0', '/up/..a 0']);
  });

  test('that is cut off fails where the handler reads it', async () => {
    const failures: unknown[] = [];
    const server = webServer(
      async (request) => {
        await request.text().catch((error: unknown) => failures.push(error));
        return new Response('too late');
      },
      { streams: () => true },
    );
    const client = await asked(server, 'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
    client.stream.destroy();
    await quiet();
    assert.equal(failures.length, 1);
    assert.equal(client.text(), '');
  });
});

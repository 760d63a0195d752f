import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { createAttestedServer } from '../src/index.ts';
import { connect, Request, upgrade, type RequestInfo } from 'undici';
import { createAttestedAgent, createAttestedFetch } from '../src/fetch.ts';
import { leaked, startMiddle } from './attacker.ts';
import { appraise, startServer, tee, type Address } from './scene.ts';

interface Web {
  readonly address: Address;
  readonly url: string;
  readonly requests: string[];
  /** The connections that are open. */
  readonly open: ReadonlySet<Duplex>;
  readonly server: Awaited<ReturnType<typeof createAttestedServer>>;
}

/** An HTTP server behind attested TLS. */
async function startWeb(answer: RequestListener): Promise<Web> {
  const requests: string[] = [];
  const http = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer(request, response);
  });
  // Only the client ends a connection that rests.
  http.keepAliveTimeout = 0;
  const open = new Set<Duplex>();
  http.on('connection', (socket) => void open.add(socket.once('close', () => open.delete(socket))));
  const server = await createAttestedServer({ name: 'localhost', evidence: tee.evidenceOf('server') });
  const address = await startServer((socket) => {
    void server.accept(socket).then(
      (connection) => http.emit('connection', connection.socket),
      () => undefined,
    );
  });
  return { address, url: `https://localhost:${address.port}`, requests, open, server };
}

test('a request is written to an attested connection, which further requests use', async () => {
  const { url, requests } = await startWeb((request, response) => {
    request.resume().on('end', () => response.end('secret'));
  });
  const seen: string[] = [];
  const fetch = createAttestedFetch({
    appraise,
    onEvidence: ({ measurement }, origin) => void seen.push(`${measurement} ${origin}`),
  });
  const answer = await fetch(`${url}/a`, { method: 'POST', body: 'question' });
  assert.equal(await answer.text(), 'secret');
  // Undici takes a connection back a moment after the answer was read.
  await setTimeout(20);
  assert.equal(await (await fetch(`${url}/b`)).text(), 'secret');
  assert.deepEqual(requests, ['POST /a', 'GET /b']);
  assert.deepEqual(seen, [`server ${url}`]);
  await fetch.close();
});

test('nothing is written to a server that the appraiser refuses, and the refusal is the error', async () => {
  const { url, requests } = await startWeb((_request, response) => response.end('secret'));
  const fetch = createAttestedFetch({ appraise: tee.appraiser({ measurements: ['another'] }) });
  await assert.rejects(fetch(url), { code: 'APPRAISAL_REFUSED' });
  assert.deepEqual(requests, []);
  await fetch.close();
});

test('somebody in the middle with the key of the server gets no request', async () => {
  const { address, server, requests } = await startWeb((_request, response) => response.end('secret'));
  const middle = await startMiddle(leaked(server.identity), address);
  const fetch = createAttestedFetch({ appraise });
  await assert.rejects(fetch(`https://localhost:${middle.address.port}/`), { code: 'ATLS_EVIDENCE_NOT_BOUND' });
  assert.ok(!middle.seen().includes('GET'));
  assert.deepEqual(requests, []);
  await fetch.close();
});

test('evidence that its receiver throws at, plain HTTP and a redirect to it are refused', async () => {
  const { url, requests } = await startWeb((_request, response) =>
    response.writeHead(302, { location: 'http://localhost:8099/' }).end(),
  );
  const picky = createAttestedFetch({
    appraise,
    onEvidence() {
      throw new RangeError('not this one');
    },
  });
  await assert.rejects(picky(url), (error: Error) => error.cause instanceof RangeError);
  assert.deepEqual(requests, []);
  const fetch = createAttestedFetch({ appraise });
  await assert.rejects(fetch('http://localhost:8099/'), { code: 'ATLS_MISUSED' });
  await assert.rejects(fetch(`${url}/redirect`), { code: 'ATLS_MISUSED' });
  assert.deepEqual(requests, ['GET /redirect']);
  for (const each of [picky, fetch]) await each.close();
});

test('a policy that changed counts for connections that are made', async () => {
  const policy = { measurements: ['server'] };
  const { url } = await startWeb((_request, response) =>
    response.writeHead(200, { connection: 'close' }).end('secret'),
  );
  const fetch = createAttestedFetch({ appraise: tee.appraiser(policy) });
  assert.equal(await (await fetch(url)).text(), 'secret');
  policy.measurements = [];
  await assert.rejects(fetch(url), { code: 'APPRAISAL_REFUSED' });
  await fetch.close();
});

const secret = 'the secret';
const otherSchemes = (): readonly string[] => [
  `data:text/plain,${secret}`,
  `DATA:text/plain,${secret}`,
  'about:blank',
  URL.createObjectURL(new Blob([secret])),
  'http://localhost:8099/',
  'file:///etc/hostname',
  'ftp://localhost/',
  'ws://localhost/',
];

test('every scheme but https is refused before anything answers, whatever names it', async () => {
  let appraised = 0;
  const fetch = createAttestedFetch({
    appraise,
    onEvidence: () => void appraised++,
  });
  for (const url of otherSchemes()) {
    const named: RequestInfo[] = [url, new URL(url), new Request(url)];
    for (const input of named) await assert.rejects(fetch(input), { code: 'ATLS_MISUSED' }, url);
  }
  await assert.rejects(fetch('/relative'), TypeError);
  await assert.rejects(fetch('//localhost/'), TypeError);
  assert.equal(appraised, 0);
  await fetch.close();
});

test('an input that says something else the second time is read once', async () => {
  const { url, requests } = await startWeb((_request, response) => response.end('answered'));
  const names = [url, `data:text/plain,${secret}`, `data:text/plain,${secret}`];
  const shifting = { toString: () => names.shift() ?? '' };
  const fetch = createAttestedFetch({ appraise });
  // What an untyped caller can hand in.
  assert.equal(await (await fetch(shifting as unknown as string)).text(), 'answered');
  assert.deepEqual(requests, ['GET /']);
  await fetch.close();
});

test('a referrer that the caller asks for is sent', async () => {
  const referers: unknown[] = [];
  const { url } = await startWeb((request, response) => {
    referers.push(request.headers.referer);
    response.end('answered');
  });
  const fetch = createAttestedFetch({ appraise });
  const from = { referrer: `${url}/from`, referrerPolicy: 'unsafe-url' } as const;
  await (await fetch(url, from)).text();
  await (await fetch(url, { ...from, referrerPolicy: 'no-referrer' })).text();
  await (await fetch(url)).text();
  assert.deepEqual(referers, [`${url}/from`, undefined, undefined]);
  await fetch.close();
});

test('a redirect is followed within its origin, and to no other, attested or not', async () => {
  const other = await startWeb((_request, response) => response.end('other'));
  let location = '/there';
  const { url, requests } = await startWeb((request, response) => {
    if (request.url === '/there') response.end('there');
    else response.writeHead(307, { location }).end();
  });
  const fetch = createAttestedFetch({ appraise });
  assert.equal(await (await fetch(`${url}/here`)).text(), 'there');
  for (location of [`${other.url}/`, url.replace('https:', 'http:'), url.replace('localhost', '127.0.0.1')]) {
    await assert.rejects(fetch(`${url}/here`, { method: 'POST', body: secret }), { code: 'ATLS_MISUSED' }, location);
  }
  for (location of otherSchemes()) await assert.rejects(fetch(`${url}/here`));
  const manual = await fetch(`${url}/here`, { redirect: 'manual' });
  assert.equal(manual.status, 307);
  assert.deepEqual(other.requests, []);
  assert.ok(requests.includes('GET /there'));
  await fetch.close();
});

test('a server that offers to keep a connection for longer is not taken at its word', async () => {
  const { url, open } = await startWeb((_request, response) =>
    response.writeHead(200, { 'keep-alive': 'timeout=300' }).end('answer'),
  );
  let appraised = 0;
  const fetch = createAttestedFetch({ appraise, keepAliveTimeoutMs: 50, onEvidence: () => void appraised++ });
  await (await fetch(url)).text();
  for (const deadline = performance.now() + 60_000; open.size > 0; await setTimeout(10)) {
    assert.ok(performance.now() < deadline, 'the connection is kept');
  }
  await (await fetch(url)).text();
  assert.equal(appraised, 2);
  await fetch.close();
});

test('a connection that never rests takes no new request when it is old', async () => {
  const { url, requests } = await startWeb((_request, response) => response.end('answer'));
  const appraised: string[] = [];
  const fetch = createAttestedFetch({
    appraise,
    maximumConnectionAgeMs: 500,
    onEvidence: (_, origin) => void appraised.push(origin),
  });
  const deadline = performance.now() + 60_000;
  while (appraised.length < 3) {
    await (await fetch(url)).text();
    assert.ok(performance.now() < deadline, `${appraised.length} appraisals`);
  }
  assert.ok(requests.length > 2 * appraised.length, `${requests.length} requests, ${appraised.length} appraisals`);
  await fetch.close();
});

test('requests at the same time go over connections of their own, each appraised', async () => {
  const waiting: (() => void)[] = [];
  const { url } = await startWeb((request, response) => {
    if (request.url === '/first') return void response.end('answer');
    waiting.push(() => response.end('answer'));
    if (waiting.length === 3) for (const answer of waiting) answer();
  });
  let appraised = 0;
  const agent = createAttestedAgent({ appraise, onEvidence: () => void appraised++ });
  // What undici would otherwise send in a row over one connection: requests that may be repeated and hold nothing up.
  const ask = async (path: string): Promise<string> =>
    (await agent.request({ origin: url, path, method: 'GET', idempotent: true, blocking: false })).body.text();
  await ask('/first');
  // Undici takes a connection back a moment after the answer was read.
  await setTimeout(20);
  await Promise.all(['/a', '/b', '/c'].map(ask));
  assert.equal(appraised, 3);
  await agent.close();
});

test('an attested connection is neither upgraded nor tunnelled through', async () => {
  const { url, requests } = await startWeb((_request, response) => response.end('answer'));
  const agent = createAttestedAgent({ appraise });
  await assert.rejects(upgrade(url, { dispatcher: agent, protocol: 'Websocket' }), { code: 'ATLS_MISUSED' });
  await assert.rejects(connect(url, { dispatcher: agent }), { code: 'ATLS_MISUSED' });
  const { body } = await agent.request({ origin: url, path: '/asked', method: 'GET' });
  assert.equal(await body.text(), 'answer');
  assert.deepEqual(requests, ['GET /asked']);
  await agent.close();
});

test('a bound that is not a number of milliseconds is refused, and not taken as none', () => {
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const name of ['keepAliveTimeoutMs', 'maximumConnectionAgeMs']) {
      assert.throws(() => createAttestedFetch({ appraise, [name]: wrong }), { code: 'ATLS_MISUSED' }, name);
    }
  }
});

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { createAttestedServer } from '../src/index.ts';
import { createAttestedFetch } from '../src/fetch.ts';
import { leaked, startMiddle } from './attacker.ts';
import { appraise, startServer, tee, type Address } from './scene.ts';

interface Web {
  readonly address: Address;
  readonly url: string;
  readonly requests: string[];
  readonly server: Awaited<ReturnType<typeof createAttestedServer>>;
}

/** An HTTP server behind attested TLS. */
async function startWeb(answer: RequestListener): Promise<Web> {
  const requests: string[] = [];
  const http = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer(request, response);
  });
  const server = await createAttestedServer({ name: 'localhost', evidence: tee.evidenceOf('server') });
  const address = await startServer((socket) => {
    void server.accept(socket).then(
      (connection) => http.emit('connection', connection.socket),
      () => undefined,
    );
  });
  return { address, url: `https://localhost:${address.port}`, requests, server };
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

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, createServer as createTlsServer, request as requestTls, type RequestOptions } from 'node:https';
import { connect as connectPlain, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { createTlsIdentity } from '@enclos/enclave';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { Agent as UndiciAgent, EventSource, fetch as undiciFetch } from 'undici';
import { loadHttp, type HttpEnclave, type LoadHttpOptions } from '@enclos/process-kit/hosts/http-host';
import { createWorkshop, descendants, type SignedImage } from '@enclos/process-kit';
import { until } from '@enclos/process-kit/processes/process-watch';

const workshop = createWorkshop();
let platform: EmbeddedPlatform;
let signed: SignedImage;
/** Shared by the tests that change nothing of it. */
let http: HttpEnclave;
let ca: string;
before(async () => {
  platform = await workshop.startPlatform('here');
});
after(() => workshop.close());

const open = new Set<Socket | Server>();
const enclaves = new Set<HttpEnclave>();
afterEach(async () => {
  for (const end of open) {
    if ('destroy' in end) end.destroy();
    else end.close();
  }
  open.clear();
  for (const { enclave } of enclaves) await enclave.dispose();
  enclaves.clear();
});

/** An enclave of this test's own. */
async function load(options: LoadHttpOptions): Promise<HttpEnclave> {
  const enclave = await loadHttp(platform, signed, options);
  enclaves.add(enclave);
  return enclave;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the enclave says of a request. */
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  readonly client: string | null;
  readonly chain: readonly string[];
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const seen = ({ body }: { readonly body: Buffer }): Seen => JSON.parse(body.toString()) as Seen;
const certificateHash = (pem: string): string => sha256(new X509Certificate(pem).raw);

/** With the client of node:https. */
function ask(options: RequestOptions & { readonly body?: Uint8Array }, enclave = http): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const target = { host: '127.0.0.1', port: enclave.securedPort, servername: 'http.test', ca, ...rest };
    const request = requestTls(target, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A connection without TLS, and what came over it. */
function plain(enclave: HttpEnclave): { readonly socket: Socket; readonly text: () => string } {
  const socket = connectPlain({ host: '127.0.0.1', port: enclave.plainPort, allowHalfOpen: true, noDelay: true });
  socket.on('error', () => undefined);
  open.add(socket);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  return { socket, text: () => text };
}

/** The other side has ended it, in order or not. */
const hasGone = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('end', () => resolve()).once('close', () => resolve()));
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: http.test\r\n\r\n`;

for (const transport of ['relayed', 'passed'] as const) {
  describe(`over ${transport} streams`, () => {
    before(async () => {
      signed = await workshop.signed('http', { transport });
      http = await loadHttp(platform, signed);
      ca = await http.call.certificate();
    });
    after(() => http.enclave.dispose());

    describe('HTTPS that ends in an enclave', () => {
      test('brings a request as it was sent, and its answer as it was given', async () => {
        const body = Buffer.from('a body');
        const answer = await ask({
          path: '/a%20b/../c?x=1&x=%C3%BC',
          method: 'POST',
          headers: { 'X-Mine': 'yes' },
          body,
        });
        const { method, path, query, headers, bodySha256, client } = seen(answer);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['content-type'], 'application/json');
        assert.equal(answer.headers.date, undefined);
        assert.deepEqual([method, path], ['POST', '/a%20b/../c']);
        assert.deepEqual(query, [
          ['x', '1'],
          ['x', 'ü'],
        ]);
        assert.equal(headers['x-mine'], 'yes');
        assert.equal(bodySha256, sha256(body));
        assert.equal(client, null);
      });

      test('brings bodies and answers of a mebibyte, of a length and in chunks', async () => {
        const body = Buffer.alloc(2 ** 20, 'a body of a mebibyte ');
        const sized = await ask({ path: '/echo', method: 'PUT', headers: { 'Content-Length': body.length }, body });
        assert.equal(sha256(sized.body), sha256(body));
        const chunked = await ask({ path: '/x', method: 'PUT', headers: { 'Transfer-Encoding': 'chunked' }, body });
        assert.equal(seen(chunked).bodySha256, sha256(body));
        const more = Buffer.alloc(body.length + 1);
        assert.equal(
          (await ask({ path: '/x', method: 'PUT', headers: { Expect: '100-continue' }, body: more })).status,
          413,
        );
        assert.equal((await ask({ path: `/large?bytes=${8 * 2 ** 20}` })).body.length, 8 * 2 ** 20);
        const head = await ask({ path: '/large?bytes=100', method: 'HEAD' });
        assert.deepEqual([head.headers['content-length'], head.body.length], ['100', 0]);
      });

      test('serves many requests on one connection of fetch', async () => {
        const dispatcher = new UndiciAgent({ connect: { ca, servername: 'http.test' }, connections: 1, pipelining: 4 });
        const texts = await Promise.all(
          Array.from({ length: 50 }, async (_, i) => {
            const response = await undiciFetch(`https://127.0.0.1:${http.securedPort}/echo`, {
              method: 'POST',
              body: `${i}`,
              dispatcher,
            });
            return response.text();
          }),
        );
        assert.deepEqual(
          texts,
          Array.from({ length: 50 }, (_, i) => `${i}`),
        );
        await dispatcher.close();
      });

      test('serves curl, which agrees on HTTP/1.1 and waits to be told to send', async (context) => {
        const folder = workshop.subfolder(`curl-${transport}`);
        const file = join(folder, 'ca.pem');
        writeFileSync(file, ca);
        const body = join(folder, 'body');
        writeFileSync(body, Buffer.alloc(500_000, 'x'));
        const target = `https://http.test:${http.securedPort}/from/curl?a=b`;
        const options = ['-sS', '--cacert', file, '--resolve', `http.test:${http.securedPort}:127.0.0.1`];
        const more = [
          '-H',
          'Expect: 100-continue',
          '-T',
          body,
          target,
          target,
          '-w',
          '%{http_version} %{num_connects}\n',
        ];
        const output = await new Promise<string | undefined>((resolve, reject) => {
          execFile('curl', [...options, ...more], (error, out) => {
            if (error === null) resolve(out);
            else if (error.code === 'ENOENT') resolve(undefined);
            else reject(new Error('curl failed', { cause: error }));
          });
        });
        if (output === undefined) return context.skip('There is no curl here.');
        const described = JSON.parse(output.slice(0, output.indexOf('}1.1') + 1)) as Seen;
        assert.deepEqual([described.method, described.path, described.bodyBytes], ['PUT', '/from/curl', 500_000]);
        // The second request goes over the connection of the first.
        assert.match(output, /\}1\.1 1\n[^]*\}1\.1 0\n$/);
      });

      test('gives a failure as 500, and never its text or a header of somebody else', async () => {
        for (const path of ['/throw', '/split']) {
          const { status, headers, body } = await ask({ path });
          assert.deepEqual([status, body.toString()], [500, 'Internal Server Error\n']);
          assert.equal(headers['set-cookie'], undefined);
        }
      });
    });

    describe('streams that end in an enclave', () => {
      test('bring each event over TLS when it is sent, and end in the enclave when the client leaves', async () => {
        const enclave = await load({});
        const certificate = await enclave.call.certificate();
        const dispatcher = new UndiciAgent({ connect: { ca: certificate, servername: 'http.test' } });
        const source = new EventSource(`https://127.0.0.1:${enclave.securedPort}/events?count=50`, { dispatcher });
        const received: string[] = [];
        source.addEventListener('token', (event) => {
          const { lastEventId, data } = event as Event & { readonly lastEventId: string; readonly data: string };
          received.push(`${lastEventId}: ${data}`);
        });
        await until('all events are there', () => received.length === 50);
        assert.deepEqual(
          received,
          Array.from({ length: 50 }, (_, i) => `${i + 1}: token ${i + 1}\nof 50`),
        );
        assert.equal((await enclave.call.counts()).aborted, 0);
        source.close();
        const deadline = performance.now() + 60_000;
        while ((await enclave.call.counts()).aborted < 1) {
          assert.ok(performance.now() < deadline);
          await sleep(10);
        }
        assert.equal((await enclave.call.counts()).failed, 0);
        await dispatcher.close();
      });

      test('take a body that is larger than what an enclave holds whole', async () => {
        const body = Buffer.alloc(40 * 2 ** 20, 'a body of forty mebibytes ');
        for (const fields of [{ 'Content-Length': body.length }, { 'Transfer-Encoding': 'chunked' }]) {
          const { status, body: hash } = await ask({ path: '/upload', method: 'PUT', headers: fields, body });
          assert.deepEqual([status, hash.toString()], [200, sha256(body)]);
        }
      });
    });

    describe('certificates', () => {
      test('of clients come with each request, whoever signed them, and are asked for and not judged', async () => {
        const identity = createTlsIdentity('client.test');
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        for (let i = 0; i < 2; i++) {
          const { client, chain } = seen(await ask({ agent, ...identity }));
          assert.deepEqual([client, chain], [certificateHash(identity.cert), []]);
        }
        agent.destroy();
        assert.equal(seen(await ask({})).client, null);
      });

      test('behind that of the client come in its order, and prove nothing', async () => {
        const identity = createTlsIdentity('client.test');
        const behind = [createTlsIdentity('b.test').cert, createTlsIdentity('a.test').cert];
        const { client, chain } = seen(await ask({ key: identity.key, cert: [identity.cert, ...behind].join('\n') }));
        assert.equal(client, certificateHash(identity.cert));
        assert.deepEqual(chain, behind.map(certificateHash));
      });

      test('of a client are those of its session when that is resumed', async () => {
        const identity = createTlsIdentity('client.test');
        const first = connectTls({
          host: '127.0.0.1',
          port: http.securedPort,
          servername: 'http.test',
          ca,
          ...identity,
        });
        open.add(first);
        const ticket = once(first, 'session');
        first.write(get('/'));
        await once(first, 'data');
        const [session] = (await ticket) as [Buffer];
        const again = connectTls({ host: '127.0.0.1', port: http.securedPort, servername: 'http.test', ca, session });
        open.add(again);
        again.write(get('/'));
        const [chunk] = (await once(again, 'data')) as [Buffer];
        assert.ok(again.isSessionReused());
        assert.ok(chunk.includes(certificateHash(identity.cert)));
      });

      test('of the server are replaced for the next connections, and those that are there go on', async () => {
        const enclave = await load({});
        const old = await enclave.call.certificate();
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        assert.equal((await ask({ agent, ca: old }, enclave)).status, 200);
        const next = await enclave.call.rotate();
        assert.notEqual(next, old);
        assert.equal((await ask({ agent, ca: old }, enclave)).status, 200);
        agent.destroy();
        await assert.rejects(ask({ ca: old }, enclave), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
        assert.equal((await ask({ ca: next }, enclave)).status, 200);
      });
    });

    describe('clients that mean no good', () => {
      test('are refused for what could be two requests, and for what is too much', async () => {
        const wrong: readonly (readonly [string, number])[] = [
          ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
          ['GET / HTTP/1.1\nHost: a\n\n', 400],
          [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
          [`GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(200)}\r\n`, 431],
          [`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
          ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
          ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 501],
        ];
        for (const [bytes, status] of wrong) {
          const { socket, text } = plain(http);
          socket.write(bytes);
          socket.write(get('/never'));
          await once(socket, 'end');
          assert.match(text(), new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close\r\n\r\n[\\w ]+\n$`));
        }
        assert.equal((await ask({})).status, 200);
      });

      test('get what they ask for at once in its order', async () => {
        const { socket, text } = plain(http);
        const count = 500;
        socket.write(Array.from({ length: count }, (_, i) => get(`/${i}.`)).join(''));
        await until('all are answered', () => text().includes(`"path":"/${count - 1}."`));
        const paths = [...text().matchAll(/"path":"\/(\d+)\."/g)].map(([, number]) => Number(number));
        assert.deepEqual(
          paths,
          Array.from({ length: count }, (_, i) => i),
        );
      });

      test('do not keep a place by sending slowly, nor by saying nothing', async () => {
        const enclave = await load({ timesMs: 400 });
        const [slow, silent, half] = [plain(enclave), plain(enclave), plain(enclave)];
        half.socket.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n');
        const dripping = setInterval(() => slow.socket.write('G'), 20);
        const handshaking = connectPlain(enclave.securedPort, '127.0.0.1');
        open.add(handshaking.on('error', () => undefined).resume());
        await Promise.all([slow, silent, half, { socket: handshaking }].map(({ socket }) => once(socket, 'end')));
        clearInterval(dripping);
        assert.match(slow.text(), /^HTTP\/1\.1 408 /);
        assert.match(half.text(), /^HTTP\/1\.1 408 /);
        assert.equal(silent.text(), '');
      });

      test('do not keep others out: 300 connections at once, most of them idle', async () => {
        const enclave = await load({ maxConnections: 200 });
        const clients = Array.from({ length: 300 }, () => plain(enclave));
        for (const { socket } of clients) socket.write(get('/'));
        // Those that were answered and idle made room for the others.
        await until('all are answered', () => clients.every(({ text }) => text().includes('"path":"/"')), 60_000);
        const own = await enclave.call.certificate();
        assert.equal((await ask({ ca: own }, enclave)).status, 200);
        const gone = clients.filter(({ socket }) => socket.readableEnded || socket.destroyed).length;
        assert.ok(gone >= 100, `${gone} have made room`);
      });

      test('that go away abort the signal of what they asked for', async () => {
        const enclave = await load({});
        const { socket } = plain(enclave);
        socket.write(get('/wait'));
        const secured = connectTls({
          host: '127.0.0.1',
          port: enclave.securedPort,
          servername: 'http.test',
          ca: await enclave.call.certificate(),
        });
        open.add(secured.on('error', () => undefined));
        secured.write(get('/wait'));
        for (const begun of [1, 2]) while ((await enclave.call.counts()).begun < begun) await sleep(10);
        socket.resetAndDestroy();
        secured.destroy();
        const deadline = performance.now() + 60_000;
        while ((await enclave.call.counts()).aborted < 2) {
          assert.ok(performance.now() < deadline);
          await sleep(10);
        }
        await enclave.call.release();
        assert.equal((await enclave.call.counts()).failed, 0);
      });
    });

    describe('the end of the enclave', () => {
      test('that it asks for itself lets what has begun be answered', async () => {
        const enclave = await load({});
        const { socket, text } = plain(enclave);
        const idle = plain(enclave);
        idle.socket.write(get('/'));
        await once(idle.socket, 'data');
        socket.write(get('/wait'));
        while ((await enclave.call.counts()).begun < 2) await sleep(10);
        const drained = enclave.call.drain();
        await once(idle.socket, 'end');
        // What a passed connection brings may come before the result of the call.
        const answered = once(socket, 'end');
        await enclave.call.release();
        await answered;
        assert.match(text(), /connection: close\r\n\r\nreleased$/);
        socket.end();
        idle.socket.end();
        await drained;
      });

      test('by kill -9 in the middle of requests closes every connection, with no answer that looks whole', async () => {
        const others = new Set(descendants(platform.processId));
        const enclave = await load({});
        const own = await enclave.call.certificate();
        const waiting = plain(enclave);
        waiting.socket.write(get('/wait'));
        const large = plain(enclave);
        large.socket.write(get('/large?bytes=50000000'));
        large.socket.pause();
        const secured = ask({ path: '/wait', ca: own }, enclave);
        const outcome = assert.rejects(secured);
        while ((await enclave.call.counts()).begun < 3) await sleep(10);
        for (const pid of descendants(platform.processId)) if (!others.has(pid)) process.kill(pid, 'SIGKILL');
        large.socket.resume();
        await Promise.all([outcome, hasGone(waiting.socket), hasGone(large.socket)]);
        assert.equal(waiting.text(), '');
        assert.ok(large.text().length < 50_000_000);
      });
    });

    describe('an enclave that asks over HTTP', () => {
      const issuer = createTlsIdentity('issuer.test');
      const keys = JSON.stringify({ keys: [{ kty: 'EC' }] });

      /** An issuer outside, or whoever the host puts in its place. */
      async function serving(identity: { readonly key: string; readonly cert: string }): Promise<LoadHttpOptions> {
        const server = createTlsServer({ key: identity.key, cert: identity.cert }, (request, response) => {
          if (request.url === '/never') return;
          if (request.url === '/cut') {
            response.writeHead(200, { 'content-length': 100 });
            response.write('a part', () => response.destroy());
            return;
          }
          response.setHeader('content-type', 'application/json');
          const text = request.url === '/large' ? 'x'.repeat(100_000) : keys;
          // Without a length it goes in chunks.
          response.write(text);
          response.end();
        });
        server.listen(0, '127.0.0.1');
        open.add(server);
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        return { connect: { issuer: { host: '127.0.0.1', port } } };
      }

      test('gets what its issuer says, over TLS that ends inside', async () => {
        const enclave = await load(await serving(issuer));
        const asked = { root: issuer.cert, host: 'issuer.test', timeoutMs: 20_000 };
        const { status, type, body } = await enclave.call.fetch({ ...asked, path: '/keys' });
        assert.deepEqual([status, type, Buffer.from(body).toString()], [200, 'application/json', keys]);
        const refusedWith = (message: RegExp): object => ({ code: 'ENCLAVE_APPLICATION_ERROR', message });
        await assert.rejects(enclave.call.fetch({ ...asked, path: '/large' }), refusedWith(/HTTP_MESSAGE_REFUSED/));
        await assert.rejects(enclave.call.fetch({ ...asked, path: '/cut' }), refusedWith(/HTTP_CONNECTION_BROKEN/));
        await assert.rejects(
          enclave.call.fetch({ ...asked, path: '/never', timeoutMs: 200 }),
          refusedWith(/HTTP_TIMEOUT/),
        );
        await assert.rejects(enclave.call.fetch({ ...asked, path: '/a b' }), refusedWith(/HTTP_MISUSED/));
      });

      test('is not fooled by a host that puts somebody else in the place of the issuer', async () => {
        const enclave = await load(await serving(createTlsIdentity('issuer.test')));
        const asked = { root: issuer.cert, host: 'issuer.test', path: '/keys', timeoutMs: 20_000 };
        await assert.rejects(enclave.call.fetch(asked), {
          code: 'ENCLAVE_APPLICATION_ERROR',
          message: /self-signed|verify/,
        });
        const other = createTlsIdentity('other.test');
        const second = await load(await serving(other));
        await assert.rejects(second.call.fetch({ ...asked, root: other.cert }), { message: /altname|does not match/i });
      });

      test('and a host that breaks the connection is noticed', async () => {
        const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
        open.add(server);
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        const enclave = await load({ connect: { issuer: { host: '127.0.0.1', port } } });
        const asked = { root: issuer.cert, host: 'issuer.test', path: '/keys', timeoutMs: 20_000 };
        await assert.rejects(enclave.call.fetch(asked), {
          code: 'ENCLAVE_APPLICATION_ERROR',
          message: /^(?!.*HTTP_TIMEOUT)/,
        });
      });
    });
  });
}

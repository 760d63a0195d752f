import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, describe, test } from 'node:test';
import {
  createAttestedProxy,
  type AttestedProxy,
  type AttestedProxyOptions,
  type ProxyEvent,
} from '../src/proxy/proxy.ts';
import { leaked, startImpostor, startMiddle } from './attacker.ts';
import { appraise, codeOf, eventually, startEcho, startServer, tee, type Address } from './scene.ts';
import type { TestEvidence } from './test-tee.ts';

const proxies: AttestedProxy[] = [];
after(() => Promise.all(proxies.map((proxy) => proxy.close())));

interface Scene {
  readonly proxy: AttestedProxy;
  readonly address: Address;
  readonly events: ProxyEvent<TestEvidence>[];
  /** The codes of refusals. */
  readonly refusals: () => readonly string[];
}

async function startProxy(target: Address, options: Partial<AttestedProxyOptions<TestEvidence>> = {}): Promise<Scene> {
  const events: ProxyEvent<TestEvidence>[] = [];
  const proxy = createAttestedProxy<TestEvidence>({
    target,
    appraise,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  proxies.push(proxy);
  const { host = '', port = 0 } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const refusals = (): readonly string[] =>
    events.flatMap((event) => (event.type === 'refused' ? [codeOf(event.error)] : []));
  return { proxy, address: { host, port }, events, refusals };
}

function open(address: Address): Socket {
  return connect({ ...address, allowHalfOpen: true }).on('error', () => undefined);
}

/** Sends a text, and reads to the end. */
async function ask(address: Address, text: string): Promise<string> {
  const socket = open(address);
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

async function echoed(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

const request = 'GET /secret HTTP/1.1\r\nhost: a\r\n\r\n';
const typesOf = ({ events }: Scene): readonly string[] => events.map(({ type }) => type);

describe('a proxy', () => {
  test('passes bytes both ways once the server is accepted, and says what happened', async () => {
    const { address, received } = await startEcho();
    const scene = await startProxy(address);
    const socket = open(scene.address);
    assert.equal(await echoed(socket, 'hello'), 'hello');
    assert.equal(await echoed(socket, 'again'), 'again');
    socket.destroy();
    await eventually(() => scene.events.length === 2);
    assert.equal(received(), 'helloagain');
    const [first, last] = scene.events;
    assert.ok(first?.type === 'attested' && first.mode === 'fresh');
    assert.equal(first.evidence.measurement, 'server');
    assert.deepEqual(last, { type: 'closed', connection: 1, sentBytes: 10, receivedBytes: 10 });
  });

  test('passes on that a client ended its side, and what the server says after that', async () => {
    const { server } = await startEcho();
    const address = await startServer((socket) => {
      void server.accept(socket).then(async ({ socket: peer }) => {
        let text = '';
        peer.on('data', (chunk: Buffer) => (text += chunk.toString())).once('end', () => peer.end(`read ${text}`));
        await once(peer, 'close');
      });
    });
    const scene = await startProxy(address);
    const socket = open(scene.address);
    socket.end('all of it');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    assert.equal(answer, 'read all of it');
    await eventually(() => typesOf(scene).includes('closed'));
  });

  test('breaks off when the connection to the server breaks, so that half an answer does not look whole', async () => {
    const echo = await startEcho();
    let cut = (): void => undefined;
    const network = await startServer((socket) => {
      const upstream = connect(echo.address).on('error', () => undefined);
      socket.pipe(upstream);
      upstream.pipe(socket);
      cut = () => void socket.resetAndDestroy();
    });
    const scene = await startProxy(network);
    const socket = open(scene.address);
    assert.equal(await echoed(socket, 'half'), 'half');
    const broken = once(socket, 'error').then(([error]: unknown[]) => (error as NodeJS.ErrnoException).code);
    const ended = once(socket, 'end').then(() => 'a clean end');
    cut();
    assert.equal(await Promise.race([broken, ended]), 'ECONNRESET');
  });

  test('appraises each connection: after a new key, another enclave or another policy, a client is not served on an old word', async () => {
    const policy = { measurements: ['server'] };
    const echo = await startEcho();
    let target = echo.address;
    const relay = await startServer((socket) => {
      const upstream = connect(target);
      socket.pipe(upstream).on('error', () => undefined);
      upstream.pipe(socket);
    });
    const scene = await startProxy(relay, { appraise: tee.appraiser(policy) });
    const trial = async (): Promise<void> => {
      const socket = open(scene.address);
      assert.equal(await echoed(socket, 'x'), 'x');
      socket.destroy();
    };
    await trial();
    await echo.server.identity.rotate();
    await trial();
    const other = await startEcho({ evidence: tee.evidenceOf('another') });
    target = other.address;
    assert.match(await ask(scene.address, request), /APPRAISAL_REFUSED/);
    target = echo.address;
    policy.measurements = [];
    assert.match(await ask(scene.address, request), /APPRAISAL_REFUSED/);
    assert.equal(other.received(), '');
    assert.deepEqual(scene.refusals(), ['APPRAISAL_REFUSED', 'APPRAISAL_REFUSED']);
  });
});

describe('a server that is refused', () => {
  test('gets no byte of the client, who is told by HTTP why', async () => {
    const { address, received } = await startEcho({ evidence: tee.evidenceOf('another') });
    const scene = await startProxy(address);
    assert.equal(
      await ask(scene.address, request),
      [
        'HTTP/1.1 502 Bad Gateway',
        'proxy-status: enclos; error=tls_certificate_error; details="APPRAISAL_REFUSED"',
        'content-type: text/plain; charset=utf-8',
        'content-length: 100',
        'connection: close',
        '',
        'APPRAISAL_REFUSED: Not accepted.\nNothing was sent to the server. The output of the proxy says more.\n',
      ].join('\r\n'),
    );
    assert.equal(received(), '');
    assert.deepEqual(scene.refusals(), ['APPRAISAL_REFUSED']);
    await eventually(() => typesOf(scene).includes('closed'));
    assert.deepEqual(scene.events[1], { type: 'closed', connection: 1, sentBytes: 0, receivedBytes: 0 });
  });

  test('is an end without a word for a client that speaks something else, or nothing', async () => {
    const { address } = await startEcho({ evidence: tee.evidenceOf('another') });
    const scene = await startProxy(address);
    for (const text of ['\x16\x03\x01', 'GETS x', 'get / HTTP/1.1\r\n', '']) {
      assert.equal(await ask(scene.address, text), '');
    }
    assert.equal(scene.refusals().length, 4);
  });

  test('in the middle with the key of the server learns nothing, and neither does one that replays evidence', async () => {
    const { address, server } = await startEcho();
    const middle = await startMiddle(leaked(server.identity), address);
    const scene = await startProxy(middle.address);
    assert.match(await ask(scene.address, request), /502 Bad Gateway[^]*ATLS_EVIDENCE_NOT_BOUND/);
    assert.ok(!middle.seen().includes('GET'));
  });

  test('that is not there, or speaks another protocol, is told apart', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    const absent = await startProxy({ host: '127.0.0.1', port });
    assert.match(await ask(absent.address, request), /error=destination_unavailable; details="ATLS_UNREACHABLE"/);
    const plain = await startServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const other = await startProxy(plain);
    assert.match(await ask(other.address, request), /ATLS_HANDSHAKE_FAILED/);
    const { server } = await startEcho();
    const tls = await startImpostor(leaked(server.identity), () => undefined, { alpn: [] });
    assert.match(await ask((await startProxy(tls)).address, request), /ATLS_NOT_SPOKEN/);
  });
});

describe('what a proxy bounds', () => {
  test('a server that accepts and says nothing, before or after the handshake', async () => {
    const silent = await startServer(() => undefined);
    const scene = await startProxy(silent, { timeoutMs: 100 });
    assert.match(await ask(scene.address, request), /error=destination_unavailable; details="ATLS_TIMEOUT"/);
    const { server } = await startEcho();
    const halfOpen = await startImpostor(leaked(server.identity), () => undefined);
    const second = await startProxy(halfOpen, { timeoutMs: 100 });
    assert.match(await ask(second.address, request), /ATLS_TIMEOUT/);
  });

  test('clients at once', async () => {
    const { address } = await startEcho();
    const scene = await startProxy(address, { maxConnections: 2 });
    const sockets = [open(scene.address), open(scene.address)];
    for (const socket of sockets) assert.equal(await echoed(socket, 'x'), 'x');
    assert.equal(await ask(scene.address, request), '');
    assert.ok(typesOf(scene).includes('busy'));
    sockets[0]?.destroy();
    await eventually(() => typesOf(scene).includes('closed'));
    const next = open(scene.address);
    assert.equal(await echoed(next, 'y'), 'y');
    for (const socket of [...sockets, next]) socket.destroy();
  });

  test('connections on which nothing passes, and old ones', async () => {
    const { address } = await startEcho();
    for (const bound of [{ idleTimeoutMs: 50 }, { maximumConnectionAgeMs: 50 }]) {
      const scene = await startProxy(address, bound);
      const socket = open(scene.address);
      await once(socket.resume(), 'end');
      await eventually(() => typesOf(scene).includes('closed'));
    }
  });

  test('bytes of a client whose server does not read, and of a server whose client does not', async () => {
    const { server } = await startEcho();
    const piece = Buffer.alloc(65_536);
    /** Writes as fast as it is taken. */
    const flood = (socket: Duplex): (() => number) => {
      let bytes = 0;
      const fill = (): void => {
        bytes += piece.length;
        if (socket.write(piece)) setImmediate(fill);
        else socket.once('drain', fill);
      };
      fill();
      return () => bytes;
    };
    const written: (() => number)[] = [];
    const address = await startServer((socket) => {
      void server.accept(socket).then(({ socket: peer }) => written.push(flood(peer.pause())));
    });
    const scene = await startProxy(address);
    const socket = open(scene.address).pause();
    await eventually(() => typesOf(scene).includes('attested'));
    written.push(flood(socket));
    const all = (): number => written.reduce((sum, count) => sum + count(), 0);
    // Until no more is taken: the buffers of sockets and of the kernel are full.
    for (let before = -1; before !== all(); await new Promise((resolve) => setTimeout(resolve, 100))) {
      before = all();
      assert.ok(before < 64 * 2 ** 20, `${before} bytes were taken, which nothing reads`);
    }
    assert.equal(written.length, 2);
    socket.destroy();
  });

  test('values that are not numbers from 1 are refused', async () => {
    const { address } = await startEcho();
    for (const name of ['maxConnections', 'idleTimeoutMs', 'maximumConnectionAgeMs']) {
      for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.throws(() => createAttestedProxy({ target: address, appraise, [name]: wrong }), {
          code: 'ATLS_MISUSED',
        });
      }
    }
  });
});

describe('the address of a proxy', () => {
  const proxyOf = (): AttestedProxy => {
    const proxy = createAttestedProxy({ target: { host: '127.0.0.1', port: 1 }, appraise });
    proxies.push(proxy);
    return proxy;
  };

  test('is of this machine, unless others are allowed', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '::ffff:127.0.0.1', '']) {
      await assert.rejects(proxyOf().listen({ host, port: 0 }), { code: 'ATLS_PROXY_ADDRESS' }, host);
    }
    const { port = 0 } = await proxyOf().listen({ host: '0.0.0.0', port: 0 }, { allowOtherMachines: true });
    assert.ok(port > 0);
  });

  test('that is taken or not to be had says so', async () => {
    const { port } = await startServer(() => undefined);
    await assert.rejects(proxyOf().listen({ host: '127.0.0.1', port }), {
      code: 'ATLS_PROXY_ADDRESS',
      message: `The proxy cannot listen at 127.0.0.1:${port}: another program listens there already.`,
    });
    await assert.rejects(proxyOf().listen({ path: '/does/not/exist/a.sock' }), {
      message: 'The proxy cannot listen at /does/not/exist/a.sock: its folder is not there.',
    });
  });

  test('may be a Unix socket, which only its user opens, and which a killed proxy leaves to the next', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'enclos-proxy-'));
    const path = join(folder, 'proxy.sock');
    const { address } = await startEcho();
    const proxy = createAttestedProxy<TestEvidence>({ target: address, appraise });
    await proxy.listen({ path });
    assert.equal((await stat(path)).mode & 0o077, 0);
    const socket = connect(path);
    assert.equal(await echoed(socket, 'x'), 'x');
    socket.destroy();
    await assert.rejects(proxyOf().listen({ path }), { message: `Another program listens at ${path}.` });
    await proxy.close();
    await assert.rejects(stat(path), { code: 'ENOENT' });

    const left: Server = createServer().listen(path);
    await once(left, 'listening');
    // What is left of a process that was killed: a socket that nothing reads.
    await rename(path, `${path}.kept`);
    left.close();
    await rename(`${path}.kept`, path);
    const next = proxyOf();
    await next.listen({ path });
    await next.close();

    await writeFile(path, 'a file of the user');
    await assert.rejects(proxyOf().listen({ path }), { message: `${path} is there already, and is not a socket.` });
    await rm(folder, { recursive: true });
  });
});

describe('a proxy that ends', () => {
  test('closes what rests, and what is being attested, and lets go on what is under way for its time', async () => {
    const { server } = await startEcho();
    const slow = await startServer((socket) => {
      void server.accept(socket).then(({ socket: peer }) => {
        const timer = setInterval(() => peer.write('.'), 20);
        peer.once('close', () => clearInterval(timer));
      });
    });
    const scene = await startProxy(slow);
    const busy = open(scene.address);
    await once(busy, 'data');
    const started = performance.now();
    await scene.proxy.close({ graceMs: 1000 });
    assert.ok(performance.now() - started >= 990);
    assert.deepEqual(typesOf(scene), ['attested', 'closed']);
    await assert.rejects(once(connect(scene.address), 'connect'), { code: 'ECONNREFUSED' });

    const { address } = await startEcho();
    const resting = await startProxy(address);
    const socket = open(resting.address);
    assert.equal(await echoed(socket, 'x'), 'x');
    const silent = await startProxy(await startServer(() => undefined));
    const waiting = open(silent.address);
    await once(waiting, 'connect');
    const from = performance.now();
    await Promise.all([resting.proxy.close({ graceMs: 60_000 }), silent.proxy.close({ graceMs: 60_000 })]);
    assert.ok(performance.now() - from < 20_000);
    assert.deepEqual(silent.refusals(), []);
  });
});

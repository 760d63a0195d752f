import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '@enclos/testkit';
import { answerReview } from '../src/review/answer.ts';
import { ended, keepAlive, post, tcpTo, tlsTo, untilClosed } from './clients.ts';
import { askingPod, podCases } from './pods.ts';
import { readAnswer, reviewOf, uid } from './reviews.ts';
import { start, type Running } from './running.ts';

const secret = 'tr0ub4dor';
const asking = askingPod(
  { 'enclos.dev/platform': 'software', note: secret },
  { containers: [{ name: 'app', image: secret, env: [{ name: 'PASSWORD', value: secret }] }] },
);

function untilMetrics(running: Running, line: RegExp): Promise<void> {
  return until(`the metrics have ${line.source}`, async () => line.test(await running.metrics()));
}

describe('the server', () => {
  let running: Running;
  before(async () => {
    running = await start();
  });
  after(() => running.stop());

  test('answers every shape over TLS', async () => {
    for (const { name, pod, operations } of podCases) {
      const { status, body } = await post(running.port, running.trust, reviewOf(pod));
      assert.equal(status, 200);
      assert.deepEqual(readAnswer(body).operations, operations, name);
    }
  });

  test('answers a hundred at once, each with its own uid', async () => {
    const uids = Array.from({ length: 100 }, (_, number) => `${number}-${uid}`);
    const answers = await Promise.all(
      uids.map((own) => post(running.port, running.trust, reviewOf(asking, { uid: own }))),
    );
    assert.deepEqual(
      answers.map(({ body }) => readAnswer(body).uid),
      uids,
    );
  });

  test('speaks TLS 1.3 and nothing before it', async () => {
    await assert.rejects(post(running.port, running.trust, reviewOf(asking), { maxVersion: 'TLSv1.2' }), {
      message: /alert protocol version/,
    });
  });

  test('refuses what is not a review, by the status', async () => {
    const { port, trust } = running;
    const status = async (body: string, more = {}) => (await post(port, trust, body, more)).status;
    assert.equal(await status('{'), 400);
    assert.equal(await status(''), 400);
    assert.equal(await status('{}', { path: '/' }), 404);
    assert.equal(await status('', { method: 'GET' }), 405);
    assert.equal(await status('{}', { headers: { 'content-type': 'text/plain' } }), 415);
    assert.equal(await status('{}', { headers: {} }), 415);
  });

  test('refuses a body that is too large, announced or not', async () => {
    const { port, trust } = running;
    const socket = await tlsTo(port, trust);
    socket.write(
      'POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n',
    );
    assert.match((await ended(socket)).text, /^HTTP\/1\.1 413 [^]*ADMISSION_BODY_TOO_LARGE/);
    const chunked = await tlsTo(port, trust);
    chunked.write(
      'POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const piece = `100000\r\n${' '.repeat(0x100000)}\r\n`;
    for (let i = 0; i < 3; i++) chunked.write(piece);
    assert.match((await ended(chunked)).text, /^HTTP\/1\.1 413 /);
  });

  test('says that it is alive and ready, and nothing to others', async () => {
    const at = async (path: string, method = 'GET') =>
      (await fetch(`http://127.0.0.1:${running.healthPort}${path}`, { method })).status;
    assert.equal(await at('/healthz'), 200);
    assert.equal(await at('/readyz'), 200);
    assert.equal(await at('/else'), 404);
    assert.equal(await at('/healthz', 'POST'), 405);
  });

  test('counts by outcome, platform and code', async () => {
    const own = await start();
    await post(own.port, own.trust, reviewOf(asking));
    await post(own.port, own.trust, reviewOf({ spec: {} }));
    await post(own.port, own.trust, reviewOf(askingPod({}, { containers: [] })));
    await post(own.port, own.trust, 'x');
    const lines = (await own.metrics()).split('\n');
    await own.stop();
    for (const line of [
      'enclos_admission_reviews_total{outcome="patched",platform="software"} 1',
      'enclos_admission_reviews_total{outcome="not-asked",platform="none"} 1',
      'enclos_admission_reviews_total{outcome="left",platform="none"} 1',
      'enclos_admission_requests_refused_total{code="ADMISSION_REVIEW_UNREADABLE"} 1',
      'enclos_admission_review_duration_seconds_count 3',
      'enclos_admission_requests_in_flight 0',
      'enclos_admission_held_bytes 0',
    ]) {
      assert.ok(lines.includes(line), line);
    }
    const expiry = lines.find((line) => line.startsWith('enclos_admission_certificate_expiry_timestamp_seconds '));
    const days = (Number(expiry?.split(' ')[1]) - Date.now() / 1000) / 86_400;
    assert.ok(days > 89 && days <= 90, String(expiry));
  });

  test('logs what it decided, and nothing of a pod', async () => {
    const own = await start();
    await post(own.port, own.trust, reviewOf(asking));
    await post(own.port, own.trust, reviewOf(askingPod({ 'enclos.dev/platform': secret }, {})));
    await post(own.port, own.trust, `{"${secret}`);
    await own.stop();
    const reviewed = own.log.filter(({ event }) => event === 'reviewed');
    assert.deepEqual(
      reviewed.map(({ milliseconds: _milliseconds, ...line }) => line),
      [
        {
          event: 'reviewed',
          uid,
          namespace: 'shop',
          outcome: 'patched',
          platform: 'software',
          operations: 5,
          message: 'A review was answered.',
        },
        {
          event: 'reviewed',
          uid,
          namespace: 'shop',
          outcome: 'left',
          code: 'ADMISSION_WISH_REFUSED',
          operations: 0,
          message: 'A review was answered.',
        },
      ],
    );
    assert.ok(!JSON.stringify(own.log).includes(secret));
  });
});

describe('a fault of the webhook', () => {
  const fail = (): never => {
    throw new TypeError(secret);
  };

  test('in what it adds leaves the pod as it is, and says where it was', async () => {
    const running = await start({ answer: (body) => answerReview(body, fail) });
    const { status, body } = await post(running.port, running.trust, reviewOf(asking));
    const metrics = await running.metrics();
    await running.stop();
    assert.equal(status, 200);
    assert.deepEqual(readAnswer(body), {
      uid,
      allowed: true,
      operations: [],
      warnings: ['enclos: The webhook failed. The pod was left as it is.'],
    });
    assert.match(metrics, /^enclos_admission_faults_total 1$/m);
    const line = running.log.find(({ event }) => event === 'reviewed');
    assert.match(String(line?.fault), /^at fail /);
    assert.ok(!JSON.stringify(running.log).includes(secret));
  });

  test('anywhere else ends the connection and not the process', async () => {
    const failing = { now: true };
    const running = await start({ answer: (body) => (failing.now ? fail() : answerReview(body)) });
    await assert.rejects(post(running.port, running.trust, reviewOf(asking)), { code: 'ECONNRESET' });
    failing.now = false;
    assert.equal((await post(running.port, running.trust, reviewOf(asking))).status, 200);
    await running.stop();
    assert.match(String(running.log.find(({ event }) => event === 'failed')?.fault), /^at fail /);
    assert.ok(!JSON.stringify(running.log).includes(secret));
  });
});

describe('a slow or greedy client', () => {
  const limits = { handshakeMs: 400, headersMs: 400, requestMs: 800, silenceMs: 600, idleMs: 500 };
  /** The check for connections runs every half of the shortest, and the machine may be busy. */
  const lateMs = 2500;
  const head = 'POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

  test('that does not begin its handshake is cut', async () => {
    const running = await start({ limits });
    const { ms } = await ended(await tcpTo(running.port));
    await running.stop();
    assert.ok(ms < limits.handshakeMs + lateMs, String(ms));
  });

  test('that sends nothing behind its handshake is cut', async () => {
    const running = await start({ limits });
    const { ms } = await ended(await tlsTo(running.port, running.trust));
    await running.stop();
    assert.ok(ms < limits.headersMs + lateMs, String(ms));
  });

  test('that asks no more is let go', async () => {
    const running = await start({ limits });
    const socket = await tlsTo(running.port, running.trust);
    const review = reviewOf(asking);
    socket.write(Buffer.concat([Buffer.from(`${head}Content-Length: ${review.length}\r\n\r\n`), review]));
    const { ms, text } = await ended(socket);
    await running.stop();
    assert.match(text, /^HTTP\/1\.1 200 /);
    // Node gives a client a second more than it is told.
    assert.ok(ms < limits.idleMs + 1000 + lateMs, String(ms));
  });

  for (const [name, begin, limitMs] of [
    ['headers', `${head}X: `, limits.headersMs],
    ['body', `${head}Content-Length: 1000\r\n\r\n`, limits.requestMs],
  ] as const) {
    test(`that drips its ${name} is cut, however steadily it drips`, async () => {
      const running = await start({ limits });
      const socket = await tlsTo(running.port, running.trust);
      socket.write(begin);
      const drip = setInterval(() => socket.write('a'), 20);
      const { ms, text } = await ended(socket);
      clearInterval(drip);
      await running.stop();
      assert.ok(ms < limitMs + lateMs, String(ms));
      assert.match(text, /^HTTP\/1\.1 408 /);
    });
  }

  test('that never reads its answers is cut, and holds no more than a few of them', async () => {
    const running = await start({ limits });
    const socket = await tlsTo(running.port, running.trust);
    socket.pause();
    const review = reviewOf(asking);
    const one = Buffer.concat([Buffer.from(`${head}Content-Length: ${review.length}\r\n\r\n`), review]);
    const many = Buffer.concat(Array.from({ length: 200 }, () => one));
    const state = { isOpen: true };
    socket.once('close', () => {
      state.isOpen = false;
    });
    for (let i = 0; i < 200 && state.isOpen; i++) {
      if (!socket.write(many)) await Promise.race([delay(20), new Promise((resolve) => socket.once('drain', resolve))]);
    }
    const startMs = performance.now();
    while (state.isOpen && performance.now() - startMs < 60_000) await delay(50);
    const metrics = await running.metrics();
    await running.stop();
    assert.equal(state.isOpen, false);
    assert.match(metrics, /^enclos_admission_connections 0$/m);
    assert.match(metrics, /^enclos_admission_held_bytes 0$/m);
  });

  test('that fills every connection keeps others away for as long as one may be silent, and no longer', async () => {
    const running = await start({ limits: { ...limits, maxConnections: 20 } });
    const crowd = await Promise.all(Array.from({ length: 20 }, () => tcpTo(running.port)));
    await assert.rejects(post(running.port, running.trust, reviewOf(asking)));
    await Promise.all(crowd.map(ended));
    assert.equal((await post(running.port, running.trust, reviewOf(asking))).status, 200);
    await running.stop();
  });

  test('that stalls takes no room from small reviews, and loses its own to a large one', async () => {
    // 1000 bytes are reserved for each body, and all of them share 4000.
    const running = await start({ limits: { maxHeldBytes: 8000, maxConnections: 4 } });
    const { port, trust } = running;
    const small = reviewOf(asking);
    const large = Buffer.concat([small, Buffer.alloc(2000 - small.length, ' ')]);
    assert.ok(small.length < 1000);
    const socket = await tlsTo(port, trust);
    socket.write(`${head}Content-Length: 100000\r\n\r\n${' '.repeat(4900)}`);
    await untilMetrics(running, /^enclos_admission_held_bytes 4900$/m);
    const refused = await post(port, trust, large);
    assert.deepEqual([refused.status, refused.body], [503, '{"code":"ADMISSION_BUSY"}']);
    assert.equal((await post(port, trust, small)).status, 200);
    // What came in one burst is fast enough for two seconds.
    let refusedAgain = 0;
    while ((await post(port, trust, large)).status !== 200) {
      refusedAgain += 1;
      await delay(50);
    }
    await ended(socket);
    await untilMetrics(running, /^enclos_admission_held_bytes 0$/m);
    await running.stop();
    assert.equal(running.log.filter(({ event }) => event === 'refused').length, 2 + refusedAgain);
    assert.equal(
      running.log.find(({ event }) => event === 'failed'),
      undefined,
    );
  });

  test('that goes away in its body leaves nothing', async () => {
    const running = await start();
    const socket = await tlsTo(running.port, running.trust);
    socket.write(`${head}Content-Length: 1000\r\n\r\nabc`);
    await untilMetrics(running, /^enclos_admission_held_bytes 3$/m);
    socket.destroy();
    await untilMetrics(running, /^enclos_admission_requests_in_flight 0$/m);
    assert.match(await running.metrics(), /^enclos_admission_held_bytes 0$/m);
    assert.equal((await post(running.port, running.trust, reviewOf(asking))).status, 200);
    await running.stop();
    assert.equal(
      running.log.find(({ event }) => event === 'failed'),
      undefined,
    );
  });
});

describe('the end of the server', () => {
  test('answers what has begun and what still comes, and asks clients to go elsewhere', async () => {
    const running = await start({ drainMs: 300 });
    const { port, trust } = running;
    const agent = keepAlive();
    const earlier = await post(port, trust, reviewOf(asking), { agent });
    assert.notEqual(earlier.connection, 'close');
    const review = reviewOf(asking);
    const socket = await tlsTo(port, trust);
    socket.write(
      `POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${review.length}\r\n\r\n`,
    );
    await untilMetrics(running, /^enclos_admission_requests_in_flight 1$/m);
    const stopped = running.stop();
    assert.equal(await running.ready(), 503);
    const during = await post(port, trust, reviewOf(asking), { agent });
    assert.deepEqual([during.status, during.connection], [200, 'close']);
    await untilClosed(port);
    socket.write(review);
    const { text } = await ended(socket);
    assert.match(text, /^HTTP\/1\.1 200 /);
    await stopped;
    await assert.rejects(post(port, trust, reviewOf(asking)), { code: 'ECONNREFUSED' });
  });

  test('cuts what does not finish', async () => {
    const running = await start({ finishMs: 200 });
    const socket = await tlsTo(running.port, running.trust);
    socket.write('POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n');
    await untilMetrics(running, /^enclos_admission_requests_in_flight 1$/m);
    const startMs = performance.now();
    await running.stop();
    assert.ok(performance.now() - startMs < 20_000);
  });
});

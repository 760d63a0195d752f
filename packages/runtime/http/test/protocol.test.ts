import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultLimits } from '../src/limits.ts';
import { ServerProtocol } from '../src/server/protocol.ts';
import { message, samples } from './messages.ts';
import { converse } from './protocol.ts';

const protocol = (): ServerProtocol => new ServerProtocol(defaultLimits, () => '');
const get = (path: string): Buffer => message([`GET ${path} HTTP/1.1`, 'Host: a']);

test('any pieces of the same bytes are the same requests, answers and refusals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...samples, Buffer.from('wrong\r\n')), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 700 }),
      (messages, sizeBytes) => {
        const bytes = Buffer.concat(messages);
        assert.deepEqual(converse(bytes, sizeBytes, defaultLimits), converse(bytes, bytes.length, defaultLimits));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a request that came ahead is read after the answer, and not before', () => {
  const server = protocol();
  server.receive(Buffer.concat([get('/a'), get('/b')]));
  const head = server.next();
  assert.ok(head?.type === 'head' && head.head.path === '/a');
  server.openBody(0);
  assert.equal(server.next()?.type, 'end');
  assert.equal(server.next(), undefined);
  server.respond({ status: 200 }, false);
  assert.ok(server.staysOpen);
  assert.equal(server.next(), undefined);
  server.nextRequest();
  const next = server.next();
  assert.ok(next?.type === 'head' && next.head.path === '/b');
});

test('a connection ends with the answer that is the last one, to which nothing but the server and the client decide', () => {
  const cases: readonly (readonly [readonly string[], boolean, boolean])[] = [
    [[], false, true],
    [[], true, false],
    [['Connection: close'], false, false],
    [['Connection: x, Close'], false, false],
  ];
  for (const [fields, isLast, stays] of cases) {
    const server = protocol();
    server.receive(message(['GET / HTTP/1.1', 'Host: a', ...fields]));
    server.next();
    const [bytes] = server.respond({ status: 200 }, isLast);
    assert.equal(server.staysOpen, stays);
    assert.equal(String(bytes).includes('connection: close\r\n'), !stays);
  }
});

test('a client that ended its side gets its last answer with the end of the connection', () => {
  const server = protocol();
  server.receive(Buffer.concat([get('/a'), get('/b')]));
  server.receiveEnd();
  for (const stays of [true, false]) {
    server.next();
    server.openBody(0);
    server.next();
    server.respond({ status: 200 }, false);
    assert.equal(server.staysOpen, stays);
    server.nextRequest();
  }
});

test('a client is told once to send its body, before the answer, and only when it waits', () => {
  const expecting = message(['PUT / HTTP/1.1', 'Host: a', 'Content-Length: 5', 'Expect: 100-continue']);
  const server = protocol();
  server.receive(expecting);
  server.next();
  server.openBody(5);
  assert.equal(String(server.continueBody()), 'HTTP/1.1 100 Continue\r\n\r\n');
  assert.equal(server.continueBody(), undefined);
  const hasSent = protocol();
  hasSent.receive(Buffer.concat([expecting, Buffer.from('h')]));
  hasSent.next();
  hasSent.openBody(5);
  assert.equal(hasSent.continueBody(), undefined);
  const answered = protocol();
  answered.receive(expecting);
  answered.next();
  answered.openBody(5);
  answered.respond({ status: 403 }, false);
  assert.equal(answered.continueBody(), undefined);
  assert.ok(!answered.staysOpen);
});

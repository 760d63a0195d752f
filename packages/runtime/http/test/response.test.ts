import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as requestOf, type IncomingMessage } from 'node:http';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { httpGet, type HttpGetOptions, type HttpGetResponse } from '../src/index.ts';
import { createDateField } from '../src/writing/date-field.ts';
import { encodePiece, encodeResponse, type ResponseFrame, type WholeResponse } from '../src/writing/response.ts';
import { duplexPair } from '@enclos/testkit';
import { sentText } from './sent.ts';

const frame: ResponseFrame = { method: 'GET', connection: undefined, dateField: '' };
const text = (response: WholeResponse, changes: Partial<ResponseFrame> = {}): string =>
  sentText(encodeResponse(response, { ...frame, ...changes }));

describe('a response is written', () => {
  test('with its length always, in one piece, and without a date of its own', () => {
    const response = { status: 200, headers: { 'X-Mine': 'a b' }, body: 'ü' };
    assert.equal(text(response), 'HTTP/1.1 200 OK\r\nX-Mine: a b\r\ncontent-length: 2\r\n\r\n\xc3\xbc');
    assert.equal(encodeResponse(response, frame).length, 1);
    assert.equal(text({ status: 299 }), 'HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n');
  });

  test('for HEAD and for statuses without a body, without one', () => {
    assert.equal(
      text({ status: 200, body: 'abc' }, { method: 'HEAD' }),
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n',
    );
    for (const status of [204, 304]) assert.match(text({ status, body: 'abc' }), /^HTTP\/1\.1 \d+ [\w ]+\r\n\r\n$/);
  });

  test('with what the server says of the connection and of the time', () => {
    const said = { method: 'GET', connection: 'close', dateField: createDateField(() => new Date(0))() } as const;
    assert.match(text({ status: 200 }, said), /\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n.*connection: close\r\n/s);
  });

  test('with the date of its second, and without one when there is none', () => {
    let now: Date | undefined = new Date(999);
    const field = createDateField(() => now);
    assert.equal(field(), 'date: Thu, 01 Jan 1970 00:00:00 GMT\r\n');
    now = new Date(1000);
    assert.equal(field(), 'date: Thu, 01 Jan 1970 00:00:01 GMT\r\n');
    // The clock of the host may go back.
    now = new Date(-1);
    assert.equal(field(), 'date: Wed, 31 Dec 1969 23:59:59 GMT\r\n');
    for (now of [undefined, new Date(Number.NaN)]) assert.equal(field(), '');
    now = new Date(0);
    assert.match(field(), /1970/);
  });

  test('with text as its characters when those are its bytes, and in UTF-8 otherwise', () => {
    for (const body of ['abc', 'ü', '\u2028', '\x7f', 'x'.repeat(50_000), 'ü'.repeat(50_000)]) {
      const bytes = Buffer.from(body);
      const expected = `HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes.toString('latin1')}`;
      assert.equal(text({ status: 200, body }), expected);
      const chunk = `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`;
      assert.equal(sentText(encodePiece(body, 'chunked')), chunk);
      assert.equal(sentText(encodePiece(bytes, 'chunked')), chunk);
      assert.equal(sentText(encodePiece(body, 'closed')), bytes.toString('latin1'));
    }
  });

  test('with a large body that is not copied', () => {
    const body = new Uint8Array(100_000);
    const [head, rest] = encodeResponse({ status: 200, body }, frame);
    assert.match(String(head), /content-length: 100000\r\n\r\n$/);
    assert.ok(rest instanceof Buffer);
    assert.equal(rest.buffer, body.buffer);
  });

  test('never as more than one, whatever its headers hold', () => {
    const anything = fc.string({
      unit: fc.constantFrom('a', ':', ' ', '\r', '\n', '\0', '\t', 'é', '\u010a', '\u2028', '\x85'),
    });
    fc.assert(
      fc.property(anything, anything, (name, value) => {
        let sent: string;
        try {
          sent = text({ status: 200, headers: { [name]: value } });
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'HTTP_MISUSED');
          return;
        }
        assert.equal(sent, `HTTP/1.1 200 OK\r\n${name}: ${value}\r\ncontent-length: 0\r\n\r\n`);
        assert.match(name + value, /^[\t\x20-\x7e]*$/);
      }),
      { numRuns: 2000 },
    );
  });

  test('or is refused when it is none', () => {
    const wrong: readonly WholeResponse[] = [
      { status: 100 },
      { status: 101 },
      { status: 600 },
      { status: 200.5 },
      { status: Number.NaN },
      { status: 200, headers: { 'Content-Length': '5' } },
      { status: 200, headers: { 'transfer-encoding': 'chunked' } },
      { status: 200, headers: { connection: 'close' } },
      { status: 200, headers: { date: 'today' } },
      { status: 200, headers: { 'X-A': 'a', 'x-a': 'b' } },
      { status: 200, headers: { 'x-a': 'a\r\nb: c' } },
      { status: 200, headers: { 'x-a\r\n': 'a' } },
      { status: 200, headers: { 'x a': 'a' } },
      { status: 200, headers: { '': 'a' } },
      { status: 200, headers: { 'x-a': ' a' } },
      { status: 200, headers: { 'x-a': 5 as unknown as string } },
      { status: 200, headers: { 'x-a': ['a', 'b'] as unknown as string } },
      { status: 200, cookies: ['a=1', 'b=2\r\nc: d'] },
      { status: 200, cookies: [5 as unknown as string] },
      { status: 200, body: 5 as unknown as string },
      { status: 200, body: new ArrayBuffer(1) as unknown as Uint8Array },
    ];
    for (const response of wrong) {
      assert.throws(() => text(response), { code: 'HTTP_MISUSED' }, JSON.stringify(response));
    }
  });

  test('and is read by node:http as it was given', async () => {
    const [inside, outside] = duplexPair();
    const request = requestOf({ createConnection: () => outside });
    request.end();
    inside.write(text({ status: 418, headers: { 'x-a': 'b' }, body: 'short' }));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    assert.deepEqual([response.statusCode, response.headers['x-a'], body], [418, 'b', 'short']);
  });
});

const options: HttpGetOptions = { host: 'issuer.test', path: '/keys?x', timeoutMs: 10_000, maxBytes: 1000 };

/** What httpGet makes of an answer that comes in pieces of so many bytes. */
async function got(
  answer: string,
  { sizeBytes = 1000, ...changes }: Partial<HttpGetOptions> & { sizeBytes?: number } = {},
): Promise<HttpGetResponse> {
  const [inside, outside] = duplexPair();
  outside.once('data', () => {
    for (let at = 0; at < answer.length; at += sizeBytes) {
      outside.write(Buffer.from(answer.slice(at, at + sizeBytes), 'latin1'));
    }
    outside.end();
  });
  const response = await httpGet(inside, { ...options, ...changes });
  assert.ok(inside.destroyed);
  return response;
}

describe('httpGet', () => {
  test('asks once, and says that it asks no more', async () => {
    const [inside, outside] = duplexPair();
    const asked = httpGet(inside, { ...options, headers: { accept: 'application/json' } });
    const [bytes] = (await once(outside, 'data')) as [Buffer];
    assert.equal(
      bytes.toString(),
      'GET /keys?x HTTP/1.1\r\nhost: issuer.test\r\naccept: application/json\r\nconnection: close\r\n\r\n',
    );
    outside.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
    assert.equal(Buffer.from((await asked).body).toString(), '{}');
  });

  test('takes answers of a length, in chunks, without a body, and behind others, in whatever pieces', async () => {
    const answers = [
      'HTTP/1.1 200 OK\r\nX: a\r\nContent-Length: 2\r\n\r\nab and more',
      'HTTP/1.1 200\r\nX: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n',
      'HTTP/1.1 100 Continue\r\nX: b\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.0 200 OK\r\nX: a\r\nContent-Length: 2\r\n\r\nab',
    ];
    for (const answer of answers) {
      for (const sizeBytes of [1, 3, 1000]) {
        const { status, headers, body } = await got(answer, { sizeBytes });
        assert.deepEqual([status, headers.get('x'), Buffer.from(body).toString()], [200, 'a', 'ab']);
      }
    }
    assert.equal((await got('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n')).body.length, 0);
    assert.equal((await got('HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n')).status, 302);
  });

  test('refuses what is not an answer, or is too large', async () => {
    const wrong = [
      'HTTP/2 200 OK\r\n\r\n',
      'HTTP/1.1 99 OK\r\n\r\n',
      'HTTP/1.1 2000 OK\r\n\r\n',
      'SSH-2.0-OpenSSH\r\n',
      'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
      // It says nowhere where the body ends, so the host could end it.
      'HTTP/1.1 200 OK\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`,
      `HTTP/1.1 200 ${'a'.repeat(2000)}\r\n\r\n`,
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20),
    ];
    for (const answer of wrong) await assert.rejects(got(answer), { code: 'HTTP_MESSAGE_REFUSED' }, answer);
  });

  test('does not take a part for the whole', async () => {
    const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
    for (let length = 0; length < whole.length; length++) {
      const [inside, outside] = duplexPair();
      outside.once('data', () => outside.end(whole.slice(0, length)));
      await assert.rejects(httpGet(inside, options), { code: 'HTTP_CONNECTION_BROKEN' });
      assert.ok(inside.destroyed);
    }
    const [inside] = duplexPair();
    inside.destroy();
    await assert.rejects(httpGet(inside, options), { code: 'HTTP_CONNECTION_BROKEN' });
  });

  test('waits as long as it is told, and until it is told', async () => {
    const [slow] = duplexPair();
    await assert.rejects(httpGet(slow, { ...options, timeoutMs: 20 }), { code: 'HTTP_TIMEOUT' });
    assert.ok(slow.destroyed);
    const [given] = duplexPair();
    const reason = new Error('enough');
    await assert.rejects(httpGet(given, { ...options, signal: AbortSignal.abort(reason) }), reason);
    assert.ok(given.destroyed);
    const [later] = duplexPair();
    const controller = new AbortController();
    const asked = httpGet(later, { ...options, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(asked, reason);
  });

  test('sends nothing that is more than one request', async () => {
    const wrong: readonly Partial<HttpGetOptions>[] = [
      { host: 'a.test\r\nx: y' },
      { host: '' },
      { host: 'a.test/x' },
      { path: 'x' },
      { path: '/a b' },
      { path: '/a\r\n' },
      { headers: { 'x\r\n': 'y' } },
      { headers: { x: 'y\nz' } },
      { headers: { Host: 'b.test' } },
      { headers: { 'content-length': '5' } },
      { timeoutMs: 0 },
      { timeoutMs: Number.NaN },
      { maxBytes: -1 },
    ];
    for (const changes of wrong) {
      const [inside, outside] = duplexPair();
      let sent = 0;
      outside.on('data', ({ length }: Buffer) => void (sent += length));
      await assert.rejects(
        httpGet(inside, { ...options, ...changes }),
        { code: 'HTTP_MISUSED' },
        JSON.stringify(changes),
      );
      assert.equal(sent, 0);
    }
  });
});

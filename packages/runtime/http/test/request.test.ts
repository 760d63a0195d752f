import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CollectedBody } from '../src/server/body-taker.ts';
import { ServerProtocol } from '../src/server/protocol.ts';
import { host, message, read, samples, small, type Outcome } from './messages.ts';

const statusOf = (outcome: Outcome): number | string =>
  outcome === 'unfinished' ? outcome : 'status' in outcome ? outcome.status : 'accepted';

function accepted(bytes: Uint8Array): Exclude<Outcome, { status: number } | 'unfinished'> {
  const outcome = read(bytes);
  if (outcome === 'unfinished' || 'status' in outcome) throw new Error(`It came to ${JSON.stringify(outcome)}.`);
  return outcome;
}

const get = 'GET / HTTP/1.1';
const chunked = ['POST / HTTP/1.1', host, 'Transfer-Encoding: chunked'];
const lines = (...all: string[]): Buffer => message(all);
const raw = (text: string): Buffer => Buffer.from(text, 'latin1');

const refused: Readonly<Record<string, readonly [number, Buffer]>> = {
  'no version': [400, lines('GET /', host)],
  'a word too much': [400, lines('GET / x HTTP/1.1', host)],
  'two spaces': [400, lines('GET  / HTTP/1.1', host)],
  'a tab between the parts': [400, lines('GET\t/ HTTP/1.1', host)],
  'a space at the end of the line': [400, lines('GET / HTTP/1.1 ', host)],
  'a method that is not a token': [400, lines('GE(T / HTTP/1.1', host)],
  'a method that is not served': [501, lines('TRACE / HTTP/1.1', host)],
  'a method in lower case': [501, lines('get / HTTP/1.1', host)],
  CONNECT: [501, lines('CONNECT a.test:443 HTTP/1.1', host)],
  'another version': [505, lines('GET / HTTP/2.0', host)],
  'the preface of HTTP/2': [505, raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
  'a version that is none': [400, lines('GET / HTTP/1.10', host)],
  'another protocol': [400, lines('GET / RTSP/1.1', host)],
  'an empty line before the request': [400, raw(`\r\n${get}\r\n${host}\r\n\r\n`)],
  'an asterisk': [400, lines('OPTIONS * HTTP/1.1', host)],
  'a path that does not begin with a slash': [400, lines('GET a HTTP/1.1', host)],
  'a fragment': [400, lines('GET /a#b HTTP/1.1', host)],
  'a character that is not encoded': [400, lines('GET /ä HTTP/1.1', host)],
  'a backslash': [400, lines('GET /a\\b HTTP/1.1', host)],
  'a percent sign without digits': [400, lines('GET /%zz HTTP/1.1', host)],
  'NUL in the path': [400, lines('GET /a\0 HTTP/1.1', host)],
  'a target of another host': [400, lines('GET http://b.test/ HTTP/1.1', host)],
  'a target of another port': [400, lines('GET http://a.test:80/ HTTP/1.1', host)],
  'a target with a user': [400, lines('GET http://x@a.test/ HTTP/1.1', host)],
  'a target of another scheme': [400, lines('GET ftp://a.test/ HTTP/1.1', host)],
  'no host': [400, lines(get, 'Accept: */*')],
  'two hosts': [400, lines(get, host, host)],
  'an empty host': [400, lines(get, 'Host:')],
  'a host that is none': [400, lines(get, 'Host: a b')],
  'a host with a path': [400, lines(get, 'Host: a.test/x')],
  'two hosts in one': [400, lines(get, 'Host: a.test, b.test')],
  'a bare LF': [400, raw(`${get}\n${host}\r\n\r\n`)],
  'a bare LF at the end': [400, raw(`${get}\r\n${host}\r\n\n`)],
  'a bare CR in a value': [400, lines(get, host, 'X: a\rb')],
  'a bare CR before the line ends': [400, lines(get, host, 'X: a\r')],
  'NUL in a value': [400, lines(get, host, 'X: a\0b')],
  'DEL in a value': [400, lines(get, host, 'X: a\x7fb')],
  'a space before the colon': [400, lines(get, host, 'X : a')],
  'a line that goes on': [400, lines(get, host, 'X: a', ' b')],
  'a line that goes on with a tab': [400, lines(get, host, 'X: a', '\tb')],
  'a first header that begins with a space': [400, lines(get, ` ${host}`)],
  'no colon': [400, lines(get, host, 'X')],
  'no name': [400, lines(get, host, ': a')],
  'a name that is none': [400, lines(get, host, 'X(: a')],
  'a name of another script': [400, lines(get, host, 'ä: a')],
  'both length and coding': [400, message([...chunked, 'Content-Length: 5'], '0\r\n\r\n')],
  'a coding and then a length': [
    400,
    message(['POST / HTTP/1.1', host, 'Content-Length: 0', 'Transfer-Encoding: chunked']),
  ],
  'two lengths': [400, lines(get, host, 'Content-Length: 0', 'Content-Length: 0')],
  'two codings': [400, message([...chunked, 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  'two values of authorization': [400, lines(get, host, 'Authorization: a', 'authorization: b')],
  'two types': [400, lines(get, host, 'Content-Type: text/plain', 'Content-Type: text/plain')],
  'a list of lengths': [400, lines(get, host, 'Content-Length: 5, 5')],
  'a length with a sign': [400, lines(get, host, 'Content-Length: +5')],
  'a negative length': [400, lines(get, host, 'Content-Length: -1')],
  'a length in hex': [400, lines(get, host, 'Content-Length: 0x5')],
  'a length with a leading zero': [400, lines(get, host, 'Content-Length: 05')],
  'a length that is empty': [400, lines(get, host, 'Content-Length:')],
  'a length with a fraction': [400, lines(get, host, 'Content-Length: 1.0')],
  'a length beyond all numbers': [413, lines(get, host, `Content-Length: ${'9'.repeat(400)}`)],
  'a length above the limit': [413, lines(get, host, 'Content-Length: 1048577')],
  'a coding that is not known': [501, lines(get, host, 'Transfer-Encoding: gzip')],
  'a coding before chunked': [501, lines(get, host, 'Transfer-Encoding: gzip, chunked')],
  'a coding with something behind it': [501, lines(get, host, 'Transfer-Encoding: chunked;q=1')],
  'a coding that is almost chunked': [501, lines(get, host, 'Transfer-Encoding: xchunked')],
  'a coding behind a vertical tab': [400, lines(get, host, 'Transfer-Encoding: \x0bchunked')],
  'a coding in HTTP/1.0': [400, lines('POST / HTTP/1.0', host, 'Transfer-Encoding: chunked')],
  'a coding with a tab': [400, lines(get, host, 'Transfer-Encoding: chunked\t')],
  'a length with a tab': [400, lines(get, host, 'Content-Length:\t0')],
  'an upgrade': [501, lines(get, host, 'Connection: Upgrade', 'Upgrade: websocket')],
  'another expectation': [417, lines(get, host, 'Expect: 200-maybe')],
  'a chunk without a size': [400, message(chunked, '\r\n')],
  'a chunk whose size is not a number': [400, message(chunked, 'g\r\n')],
  'a chunk with a sign': [400, message(chunked, '+5\r\nhello\r\n0\r\n\r\n')],
  'a chunk in 0x': [400, message(chunked, '0x5\r\nhello\r\n0\r\n\r\n')],
  'a chunk whose size has nine digits': [400, message(chunked, '000000005\r\nhello\r\n')],
  'a chunk with a space behind its size': [400, message(chunked, '5 \r\nhello\r\n')],
  'a chunk above the limit': [413, message(chunked, 'ffffffff\r\n')],
  'chunks above the limit together': [413, message(chunked, `fffff\r\n${'x'.repeat(0xfffff)}\r\n2\r\n`)],
  'a chunk that is longer than it says': [400, message(chunked, '4\r\nhello\r\n0\r\n\r\n')],
  'a chunk that ends in a bare LF': [400, message(chunked, '5\r\nhello\n0\r\n\r\n')],
  'a size that ends in a bare LF': [400, message(chunked, '5\nhello\r\n0\r\n\r\n')],
  'an extension with a bare CR': [400, message(chunked, '5;a\rb\r\nhello\r\n')],
  'an extension that is none': [400, message(chunked, '5;=b\r\nhello\r\n')],
  'an extension that is too long': [400, message(chunked, `5;${'a'.repeat(300)}\r\nhello\r\n`)],
  'extensions that are too long together': [400, message(chunked, `1;${'a'.repeat(200)}\r\nx\r\n`.repeat(100))],
  'a trailer that is not a header': [400, message(chunked, '0\r\nX : a\r\n\r\n')],
  'a trailer that says a length': [400, message(chunked, '0\r\nContent-Length: 0\r\n\r\n')],
  'a trailer that says a coding': [400, message(chunked, '0\r\nTransfer-Encoding: chunked\r\n\r\n')],
  'a trailer that says who asks': [400, message(chunked, '0\r\nAuthorization: a\r\n\r\n')],
  'a trailer about the connection': [400, message(chunked, '0\r\nConnection: close\r\n\r\n')],
  'trailers that are too long': [431, message(chunked, `0\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`)],
  'too many trailers': [431, message(chunked, `0\r\n${'X: a\r\n'.repeat(101)}\r\n`)],
  'a target that is too long': [414, lines(`GET /${'a'.repeat(8192)} HTTP/1.1`, host)],
  'a request line without end': [414, raw('G'.repeat(10_000))],
  'headers that are too long': [431, lines(get, host, `X: ${'a'.repeat(16_384)}`)],
  'a header without end': [431, raw(`${get}\r\n${host}\r\nX: ${'a'.repeat(17_000)}`)],
  'too many headers': [431, lines(get, host, ...Array.from({ length: 100 }, (_, i) => `X${i}: a`))],
};

describe('a request is refused', () => {
  for (const [name, [status, bytes]] of Object.entries(refused)) {
    test(`for ${name}: ${status}`, () => assert.equal(statusOf(read(bytes)), status));
  }
});

describe('a request is read', () => {
  test('with its path as it is, its query, and headers by lower-case name', () => {
    const { method, path, query, headers } = accepted(
      lines('GET /a/../%2e%2E//b?c=d?e&f[]=/ HTTP/1.1', 'HOST: a.test', 'X-One:1', 'x-one: \t2 ', 'X-None:'),
    );
    assert.deepEqual([method, path, query], ['GET', '/a/../%2e%2E//b', 'c=d?e&f[]=/']);
    assert.deepEqual(headers, [
      ['host', 'a.test'],
      ['x-one', '1, 2'],
      ['x-none', ''],
    ]);
  });

  test('with a header that is named as a member of every object', () => {
    const { headers } = accepted(lines(get, host, '__proto__: a', 'constructor: b'));
    assert.deepEqual(headers.slice(1), [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('with a target that names the same host', () => {
    for (const [target, path] of [
      ['http://a.test/x', '/x'],
      ['HTTPS://A.TEST', '/'],
      ['http://a.test?x', '/'],
    ] as const) {
      assert.equal(accepted(lines(`GET ${target} HTTP/1.1`, host)).path, path);
    }
  });

  test('with bodies of a length and in chunks, without what is behind them', () => {
    assert.deepEqual(
      samples.map((bytes) => [accepted(bytes).body, accepted(bytes).restBytes]),
      [
        ['', 0],
        ['', 0],
        ['hello', 0],
        ['hello', 10],
        ['hello', 0],
        ['hello0123456789', 0],
        ['', 0],
        ['', 0],
        ['', 0],
        ['', 0],
      ],
    );
    // Trailers are not headers: code that checked the headers has not seen them.
    assert.ok(!accepted(samples[5] ?? raw('')).headers.some(([name]) => name === 'trailer'));
  });

  test('up to each limit, and not a byte beyond', () => {
    const url = (bytes: number): Buffer => lines(`GET /${'a'.repeat(bytes - 1)} HTTP/1.1`, host);
    const field = (bytes: number): Buffer => lines(get, host, `X: ${'a'.repeat(bytes - host.length - 7)}`);
    const count = (all: number): Buffer => lines(get, host, ...Array.from({ length: all - 1 }, () => 'X: a'));
    const body = (bytes: number): Buffer =>
      message(['PUT / HTTP/1.1', host, `Content-Length: ${bytes}`], 'x'.repeat(bytes));
    const chunk = (bytes: number): Buffer =>
      message(chunked, `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`);
    for (const [make, limit, status] of [
      [url, 200, 414],
      [field, 1000, 431],
      [count, 20, 431],
      [body, 1000, 413],
      [chunk, 1000, 413],
    ] as const) {
      assert.equal(statusOf(read(make(limit), [], small)), 'accepted', make.name);
      assert.equal(statusOf(read(make(limit + 1), [], small)), status, make.name);
    }
  });

  test('and says whether its connection stays', () => {
    const stays = (version: string, connection?: string): boolean =>
      accepted(lines(`GET / HTTP/${version}`, host, ...(connection === undefined ? [] : [`Connection: ${connection}`])))
        .stays;
    assert.deepEqual(
      [
        stays('1.1'),
        stays('1.1', 'close'),
        stays('1.1', 'x, CLOSE'),
        stays('1.1', 'closed'),
        stays('1.1', 'close\xa0'),
      ],
      [true, false, false, true, true],
    );
    assert.deepEqual(
      [stays('1.0'), stays('1.0', 'Keep-Alive'), stays('1.0', 'keep-alive, close')],
      [false, true, false],
    );
  });
});

test('blanks and other things that come in masses take no more time than their bytes', () => {
  const masses = [
    lines(get, host, `X: a${' '.repeat(16_000)}b`),
    lines(get, host, `Connection:${' ,'.repeat(8000)} b`),
    lines(`GET /${'%41'.repeat(2700)}? HTTP/1.1`, host),
    message(chunked, `1;${'a=b;'.repeat(60)}c\r\nx\r\n`.repeat(60)),
    message(chunked, `0\r\nX: a${'\t'.repeat(16_000)}b\r\n\r\n`),
  ];
  const before = process.cpuUsage();
  for (let i = 0; i < 50; i++) for (const bytes of masses) read(bytes);
  // What is quadratic takes ten times as long.
  assert.ok(process.cpuUsage(before).user < 3_000_000);
});

test('a budget that is used up refuses a body, whatever its form', () => {
  for (const bytes of [samples[2], samples[4]]) {
    const protocol = new ServerProtocol(small, () => '');
    protocol.receive(bytes ?? raw(''));
    const begun = protocol.next();
    assert.ok(begun?.type === 'head');
    protocol.openBody(small.maxBodyBytes);
    const share = { take: (size: number) => size < 5, complete: () => undefined, release: () => undefined };
    const body = new CollectedBody(begun.head.bodyLength, small.maxBodyBytes, share, () => undefined);
    const data = protocol.next();
    assert.ok(data?.type === 'data');
    assert.throws(() => body.add(data.bytes), { code: 'HTTP_MESSAGE_REFUSED', details: { status: 503 } });
  }
});

test('a request means the same, and is refused with the same status, in whatever pieces it comes', () => {
  const all = [...samples, ...Object.values(refused).map(([, bytes]) => bytes)].filter(({ length }) => length < 30_000);
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.array(fc.nat(400), { maxLength: 30 }), (bytes, cuts) => {
      assert.deepEqual(read(bytes, cuts), read(bytes));
    }),
    { numRuns: 2000 },
  );
  for (const bytes of all) {
    const everywhere = Array.from({ length: bytes.length }, (_, i) => i);
    assert.deepEqual(read(bytes, everywhere), read(bytes));
  }
});

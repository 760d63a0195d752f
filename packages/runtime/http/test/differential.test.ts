import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { message, read, samples, type Outcome } from './messages.ts';
import { duplexPair } from '@enclos/testkit';

/** What node:http, whose parser is llhttp, makes of the same bytes. */
interface Theirs {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const sentinel = message(['GET /sentinel HTTP/1.1', 'Host: sentinel.test']);

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers = new Map<string, string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return [...headers];
}

/** The requests that a server of Node sees until it has answered the last one or closes. */
function theirs(bytes: Uint8Array): Promise<readonly Theirs[]> {
  const seen: Theirs[] = [];
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: true });
  return new Promise((resolve) => {
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
      request.on('end', () => {
        seen.push({ method: request.method ?? '', url: request.url ?? '', headers: headersOf(request), body });
        response.end();
        if (request.url === '/sentinel') resolve(seen);
      });
    });
    const [inside, outside] = duplexPair();
    inside.on('error', () => undefined);
    outside.on('error', () => undefined);
    outside.on('end', () => resolve(seen)).on('close', () => resolve(seen));
    outside.resume();
    server.emit('connection', inside);
    outside.write(bytes);
    // An unfinished request is one that it never sees.
    setImmediate(() => setImmediate(() => setImmediate(() => resolve(seen))));
  });
}

/** Without the authority of an absolute form, and without a question mark that nothing follows. */
const localOf = (url: string): string =>
  url
    .replace(/^https?:\/\/[^/?]+/i, '')
    .replace(/^(?=\?|$)/, '/')
    .replace(/^([^?]*)\?$/, '$1');

/** @returns how the two differ, or undefined. */
async function difference(bytes: Uint8Array, ours: Outcome): Promise<string | undefined> {
  if (ours === 'unfinished' || 'status' in ours) return undefined;
  const whole = bytes.subarray(0, bytes.length - ours.restBytes);
  // Behind a last request llhttp takes no byte, and the request then for none.
  const [first, second] = await theirs(ours.stays ? Buffer.concat([whole, sentinel]) : whole);
  const { method, headers, body } = ours;
  const mine = { method, url: ours.query === '' ? ours.path : `${ours.path}?${ours.query}`, headers, body };
  const their = first === undefined ? undefined : { ...first, url: localOf(first.url) };
  try {
    assert.deepEqual(their, mine);
    // And both take the request to end at the same byte.
    if (ours.stays) assert.equal(second?.url, '/sentinel');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Pieces of messages that parsers have disagreed about. */
const pieces = fc.constantFrom(
  '\r\n', '\n', '\r', ' ', '\t', '\0', ':', ',', ';', '0', '5', 'a', '%', '%41', '/', '?', '#', '\x7f',
  '\xa0',
  '\x0b',
  '\x85', '\xff', '"',
  'chunked', 'identity', 'Content-Length: 0\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding:\tchunked \r\n', 'Connection: close\r\n', 'Connection: keep-alive\r\n', 'Expect: 100-continue\r\n',
  'Host: b.test\r\n', 'X: y\r\n', ' z\r\n', 'X:\r\n', 'HTTP/1.0', '0\r\n\r\n', '3\r\nabc\r\n', ';x="y z"', '\r\n\r\n',
); // prettier-ignore

const mutation = fc.record({
  at: fc.nat(300),
  /** How many bytes the piece replaces. */
  removed: fc.constantFrom(0, 0, 1, 2, 8, 20),
  piece: fc.oneof(pieces, fc.constant('')),
});

test('whatever is accepted here is accepted by node:http, and means the same there', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...samples), fc.array(mutation, { maxLength: 3 }), async (sample, mutations) => {
      let bytes = sample;
      for (const { at, removed, piece } of mutations) {
        const from = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, from), Buffer.from(piece, 'latin1'), bytes.subarray(from + removed)]);
      }
      const ours = read(bytes);
      if (ours !== 'unfinished' && !('status' in ours)) accepted += 1;
      assert.equal(await difference(bytes, ours), undefined, JSON.stringify(bytes.toString('latin1')));
    }),
    { numRuns: 4000 },
  );
  // Or nothing would have been compared.
  assert.ok(accepted > 400, `${accepted} were accepted`);
});

test('the comparison notices a difference of each kind', async () => {
  const bytes = message(['POST /x?y HTTP/1.1', 'Host: a.test', 'Content-Length: 2'], 'ab');
  const ours = read(bytes);
  if (ours === 'unfinished' || 'status' in ours) throw new Error('It is a good request.');
  assert.equal(await difference(bytes, ours), undefined);
  for (const wrong of [{ method: 'PUT' }, { path: '/z' }, { body: 'abc' }, { headers: [] }, { restBytes: 1 }]) {
    assert.notEqual(await difference(bytes, { ...ours, ...wrong }), undefined, JSON.stringify(wrong));
  }
});

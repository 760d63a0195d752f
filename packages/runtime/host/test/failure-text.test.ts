import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { EnclosError } from '@enclos/errors';
import '@enclos/tee';
import { freePort } from '@enclos/testkit';
import { answeredError, failureBody, failureText, type AnsweredError } from '../src/report/index.ts';

const collateralUnavailable = [
  'COLLATERAL_UNAVAILABLE',
  'The platform has no collateral of its vendor yet.',
  'Read the log of the node agent, where `collateral-failed` says why. It tries again by itself.',
] as const;

const servers: ReturnType<typeof createServer>[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function answered(answer: RequestListener): Promise<AnsweredError> {
  const server = createServer({ keepAlive: false }, answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return answeredError('The collateral at URL', response);
}

test('a client tells what a server answered: code, sentence and what to do, without a trace', async () => {
  const [code, message, next] = collateralUnavailable;
  const error = await answered((_request, response) => {
    response.writeHead(503).end(JSON.stringify(failureBody(new EnclosError(code))));
  });
  assert.equal(
    failureText(error),
    `✖ ${code}: The collateral at URL: the server answered 503. It says: ${message}\n  next: ${next}`,
  );
});

test('an answer without such a body has the status, and hostile text does not reach the terminal', async () => {
  const plain = await answered((_request, response) => void response.writeHead(502).end('<html>'));
  assert.equal(
    failureText(plain),
    '✖ HTTP_502: The collateral at URL: the server answered 502.\n  next: Read the log of the server.',
  );
  const hostile = await answered((_request, response) => {
    response.writeHead(400).end(JSON.stringify({ code: 'no\ncode', message: `\u001b[2J${'x'.repeat(5000)}`, next: 7 }));
  });
  const text = failureText(hostile);
  assert.ok(!text.includes('\u001b') && text.length < 1200 && text.startsWith('✖ HTTP_400: '), text);
  const long = JSON.stringify({ code: 'LONG_ANSWER', message: 'x'.repeat(100_000), next: 'Wait.' });
  const large = await answered((_request, response) => void response.writeHead(500).end(long));
  assert.equal(large.code, 'HTTP_500');
});

test('the words of an error that is not of Enclos do not go to a client', () => {
  assert.deepEqual(failureBody(new Error('the password is swordfish')), {
    code: 'UNEXPECTED',
    message: 'The server failed.',
    next: 'Read the log of the server.',
  });
});

test('an error of the system is said in words, also when it is the cause of another', async () => {
  const missing = await readFile('/no/such/file').catch((error: unknown) => error);
  assert.equal(
    failureText(missing),
    [
      "✖ ENOENT: ENOENT: no such file or directory, open '/no/such/file': there is no such file.",
      '  next: Check the address or the path, and that what should be there is there.',
    ].join('\n'),
  );
  const unreached = await fetch(`http://127.0.0.1:${await freePort()}/`).catch((error: unknown) => error);
  assert.match(failureText(unreached), /^✖ ECONNREFUSED: .*: no program listens there\.\n {2}next: /);
});

test('an error of Enclos has its facts; any other has its name, and no trace', () => {
  const error = new EnclosError('ENDORSEMENTS_ELSEWHERE', undefined, { details: { remote: true, place: 'here' } });
  const [first, place, next] = failureText(error).split('\n');
  assert.equal(
    first,
    '✖ ENDORSEMENTS_ELSEWHERE: This platform has no vendor folder, so it has no endorsements to give.',
  );
  assert.equal(place, '  place: here');
  assert.match(next ?? '', /^ {2}next: Give the node agent the collateral of the vendor: `--collateral`/);
  assert.equal(
    failureText(new TypeError('not a number')),
    '✖ UNEXPECTED: TypeError: not a number\n  next: Set ENCLOS_STACK=1 to see where it came from.',
  );
});

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { isEnclosError, type ErrorCode } from '@enclos/errors';
import { createAttestationClient, type AttestationClientOptions } from '../../src/client/index.ts';
import { startService, type Route } from './service-kit.ts';
import { expectSgx, keySet, now, refusal, sgxClaims, signToken } from './token-kit.ts';

const drip = (_received: unknown, response: ServerResponse): void => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};
const flood = (_received: unknown, response: ServerResponse): void => {
  response.writeHead(200);
  const chunk = Buffer.alloc(65_536, ' ');
  const more = (): void => {
    while (response.write(chunk) && !response.destroyed);
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};
const status =
  (code: number, body = '', headers: Readonly<Record<string, string>> = {}): Route =>
  (_received, response) =>
    response.writeHead(code, headers).end(body);

const cases: readonly (readonly [what: string, code: ErrorCode, rule: string | undefined, route: Route])[] = [
  ['a redirect', 'ATTESTATION_ANSWER_INVALID', 'redirect', status(302, '', { location: '/elsewhere' })],
  [
    'a redirect that keeps the method',
    'ATTESTATION_ANSWER_INVALID',
    'redirect',
    status(308, '', { location: '/elsewhere' }),
  ],
  ['a body that is too long', 'ATTESTATION_ANSWER_INVALID', 'size', flood],
  ['an announced length that is too long', 'ATTESTATION_ANSWER_INVALID', 'size', status(200, 'x'.repeat(4_200_000))],
  ['an error body that is too long', 'ATTESTATION_ANSWER_INVALID', 'size', status(400, 'x'.repeat(70_000))],
  ['a body that never ends', 'ATTESTATION_SERVICE_UNREACHABLE', undefined, drip],
  ['no answer at all', 'ATTESTATION_SERVICE_UNREACHABLE', undefined, () => undefined],
  [
    'a connection that is cut',
    'ATTESTATION_SERVICE_UNREACHABLE',
    undefined,
    (_received, response) => void response.destroy(),
  ],
  ['a failure', 'ATTESTATION_SERVICE_FAILED', undefined, status(503)],
  ['too many requests', 'ATTESTATION_SERVICE_FAILED', undefined, status(429)],
  ['a refusal', 'ATTESTATION_SERVICE_REFUSED', undefined, status(401)],
  ['an answer without content', 'ATTESTATION_SERVICE_REFUSED', undefined, status(204)],
  ['no JSON', 'ATTESTATION_ANSWER_INVALID', 'key-set', () => '<html>'],
  ['duplicate members', 'ATTESTATION_ANSWER_INVALID', 'key-set', () => '{"keys":[],"keys":[]}'],
  ['no keys', 'ATTESTATION_ANSWER_INVALID', 'key-set', () => ({})],
  ['keys that are no objects', 'ATTESTATION_ANSWER_INVALID', 'key-set', () => ({ keys: [1] })],
  ['too many keys', 'ATTESTATION_ANSWER_INVALID', 'key-set', () => ({ keys: Array.from({ length: 257 }, () => ({})) })],
  [
    'two keys with one kid',
    'ATTESTATION_ANSWER_INVALID',
    'key-set',
    () => ({ keys: [keySet.keys[0], { ...keySet.keys[1], kid: 'rsa' }] }),
  ],
];

for (const [what, code, rule, route] of cases) {
  test(`keys are not taken from ${what}`, async (t) => {
    const service = await startService(t, { '/certs': route, '/elsewhere': () => keySet }, 'http');
    const client = createAttestationClient({
      endpoint: service.endpoint,
      now,
      // Short only where nothing else ends the wait, so that a busy machine changes no outcome.
      timeoutMs: code === 'ATTESTATION_SERVICE_UNREACHABLE' ? 300 : 60_000,
      allowLoopbackHttp: true,
    });
    const token = signToken({ ...sgxClaims, iss: service.endpoint });
    await assert.rejects(client.verifyToken(token, expectSgx), (error) =>
      rule === undefined ? isEnclosError(error, code) : refusal(code, rule)(error),
    );
    assert.ok(service.received.every(({ path }) => path === '/certs'));
  });
}

test('the code of the documented error body is told, its message is not', async (t) => {
  const body = { error: { code: 'PolicyEvaluationError', message: 'secret text' } };
  const service = await startService(t, { '/attest/SgxEnclave': status(400, JSON.stringify(body)) });
  const client = createAttestationClient({ endpoint: service.endpoint, fetch: service.fetch, now });
  await assert.rejects(client.attestSgxEnclave({ evidence: Uint8Array.of(1) }), (error) => {
    assert.ok(isEnclosError(error, 'ATTESTATION_SERVICE_REFUSED'));
    assert.deepEqual(error.details, { path: '/attest/SgxEnclave', status: 400, reason: 'PolicyEvaluationError' });
    return !error.message.includes('secret');
  });
});

test('an answer without a token, or of another kind, is refused', async (t) => {
  const answers: unknown[] = [{}, { token: 1 }, [], '{"token":"a","token":"b"}'];
  const service = await startService(t, { '/attest/SgxEnclave': () => answers.shift() });
  const client = createAttestationClient({ endpoint: service.endpoint, fetch: service.fetch, now });
  for (const rule of ['token-member', 'token-member', 'json', 'json']) {
    const asked = client.attestSgxEnclave({ evidence: Uint8Array.of(1) });
    await assert.rejects(asked, refusal('ATTESTATION_ANSWER_INVALID', rule));
  }
});

test('a server that nobody vouches for is not reached', async (t) => {
  const service = await startService(t, { '/certs': () => keySet });
  const client = createAttestationClient({ endpoint: service.endpoint, now });
  const token = signToken({ ...sgxClaims, iss: service.endpoint });
  await assert.rejects(client.verifyToken(token, expectSgx), (error) =>
    isEnclosError(error, 'ATTESTATION_SERVICE_UNREACHABLE'),
  );
});

const misuses: readonly (readonly [what: string, options: Partial<AttestationClientOptions>])[] = [
  ['http', { endpoint: 'http://maa.example.test' }],
  ['http to another machine, with loopback allowed', { endpoint: 'http://10.0.0.1', allowLoopbackHttp: true }],
  ['http to a name that looks like loopback', { endpoint: 'http://127.0.0.1.evil.test', allowLoopbackHttp: true }],
  ['http to this machine, not allowed', { endpoint: 'http://127.0.0.1' }],
  ['another scheme', { endpoint: 'file:///etc' }],
  ['no URL', { endpoint: 'maa' }],
  ['a user in the URL', { endpoint: 'https://a@maa.example.test' }],
  ['a query in the URL', { endpoint: 'https://maa.example.test?' }],
  ['an issuer over http', { issuer: 'http://maa.example.test' }],
  ['an algorithm without signature', { algorithms: ['none' as 'RS256'] }],
  ['a symmetric algorithm', { algorithms: ['RS256', 'HS256' as 'RS256'] }],
  ['no algorithm', { algorithms: [] }],
  ['a skew of hours', { clockSkewMs: 3_600_000 }],
  ['a skew below zero', { clockSkewMs: -1 }],
  ['a cooldown that is no number', { keys: { cooldownMs: Number.NaN } }],
  ['an api version that changes the path', { apiVersion: '2025-06-01&x=1' }],
];

for (const [what, options] of misuses) {
  test(`a client is not made with ${what}`, () => {
    const make = () => createAttestationClient({ endpoint: 'https://maa.example.test', ...options });
    assert.throws(make, (error) => isEnclosError(error, 'VERIFIER_MISUSED'));
  });
}

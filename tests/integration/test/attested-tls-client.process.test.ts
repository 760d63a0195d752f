import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EnclosError } from '@enclos/errors';
import { failureBody } from '@enclos/host/report';
import '@enclos/tee';

const program = fileURLToPath(new URL('../../../../samples/attested-tls/dist/src/client.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'enclos-client-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const accepted = {
  tee: 'sgx',
  mrEnclave: ['ab'.repeat(32)],
  minimumSecurityVersion: 1,
  acceptedStatuses: ['OK'],
  acceptedAdvisoryIds: [],
  intelRoot: false,
  softwareRoots: ['cd'.repeat(32)],
};

/** Runs the client of the sample against a server of collateral that answers so. */
async function ended(answer: RequestListener, files: { readonly policy?: string } = {}) {
  const server = createServer({ keepAlive: false }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [roots, policy] = [join(folder, 'roots.pem'), join(folder, 'policy.json')];
  writeFileSync(roots, '');
  writeFileSync(policy, JSON.stringify(accepted));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/collateral`;
  const env = { ...process.env, SERVER: 'localhost:1', COLLATERAL: url, ROOTS: roots, POLICY: files.policy ?? policy };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  server.close();
  return { code, said, url };
}

describe('the client of the attested-tls sample ends with a diagnostic', () => {
  test('when the platform of the server has no endorsements to give', async () => {
    const { code, said, url } = await ended((_request, response) => {
      const body = JSON.stringify(failureBody(new EnclosError('ENDORSEMENTS_ELSEWHERE')));
      response.writeHead(503, { 'content-type': 'application/json' }).end(body);
    });
    assert.equal(code, 1);
    assert.equal(
      said,
      [
        `✖ ENDORSEMENTS_ELSEWHERE: The collateral at ${url}: the server answered 503. It says: This platform has no vendor folder, so it has no endorsements to give.`,
        '  next: Give the node agent the collateral of the vendor: `--collateral`. Elsewhere fetch it from the service of the vendor.',
        '',
      ].join('\n'),
    );
  });

  test('when the server answers something else, or with what is not collateral', async () => {
    const { code, said, url } = await ended((_request, response) => void response.writeHead(404).end());
    assert.deepEqual(
      [code, said.split('\n')[0]],
      [1, `✖ HTTP_404: The collateral at ${url}: the server answered 404.`],
    );
    const wrong = await ended((_request, response) => void response.end('{}'));
    assert.deepEqual([wrong.code, wrong.said.split(':')[0]], [1, '✖ ENDORSEMENTS_INVALID']);
    assert.doesNotMatch(wrong.said, /^ {4}at /m);
  });

  test('when a file of its own is missing', async () => {
    const { code, said } = await ended((_request, response) => void response.end('{}'), { policy: '/no/such/policy' });
    assert.equal(code, 1);
    assert.match(said, /^✖ ENOENT: .*'\/no\/such\/policy': there is no such file\.\n {2}next: /);
  });
});

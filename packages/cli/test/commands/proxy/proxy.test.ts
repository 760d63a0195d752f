import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { scenario } from '@enclos/evidence-kit';
import { jsonLines, temporaryFolder } from '../../cli.ts';
import type { CliHere } from '../../running-cli.ts';
import { ask, request, serve, startProxy, writeInputs } from './scene.ts';

const folder = temporaryFolder();
const { at } = scenario();
before(() => writeInputs(folder));

function start(argv: readonly string[], now = at): CliHere {
  return startProxy(['proxy', ...argv], { cwd: folder, now: () => now });
}

async function portOf(proxy: CliHere): Promise<number> {
  const [, port = ''] = await proxy.until(/listening at http:\/\/127\.0\.0\.1:(\d+) for /);
  return Number(port);
}

const plainly = ['--policy', 'policy.json', '--listen', '127.0.0.1:0'] as const;

describe('enclos proxy', () => {
  test('forwards to a server that it accepts, and says what it accepted, once', async () => {
    const server = await serve();
    const proxy = start([server, ...plainly]);
    const port = await portOf(proxy);
    assert.match(await ask(port), /^HTTP\/1\.1 200 OK\r\n[^]*read: GET \/a HTTP\/1\.1\n$/);
    assert.match(await ask(port), /^HTTP\/1\.1 200 OK/);
    await proxy.until(/✔ accepted: fresh evidence of sgx [0-9a-f]{64}, status OK\n/);
    assert.match(
      proxy.text(),
      /⚠ The server runs on a software platform: the owner of its machine can read everything in it\./,
    );
    assert.equal(proxy.text().match(/accepted/g)?.length, 1);
  });

  for (const [what, changes, code, now] of [
    ['another enclave', { report: { mrEnclave: new Uint8Array(32).fill(9) } }, 'APPRAISAL_REFUSED'],
    ['a debug enclave', { report: { attributes: { flags: 0x7n, xfrm: 3n } } }, 'APPRAISAL_REFUSED'],
    ['collateral that is over', {}, 'APPRAISAL_REFUSED', new Date('2026-11-01T00:00:00Z')],
  ] as const) {
    test(`refuses ${what}: HTTP gets 502, and the reason is printed as a diagnostic`, async () => {
      const server = await serve(changes);
      const proxy = start([server, ...plainly], now);
      const port = await portOf(proxy);
      assert.match(await ask(port), new RegExp(`^HTTP/1\\.1 502 Bad Gateway\\r\\nproxy-status: enclos; [^]*${code}: `));
      await proxy.until(new RegExp(`✖ ${code}: [^]*next: `));
      assert.doesNotMatch(proxy.text(), /accepted/);
    });
  }

  test('refuses a software platform whose root the policy does not name', async () => {
    writeFileSync(
      join(folder, 'other.json'),
      JSON.stringify({
        mrSigner: ['ab'.repeat(32)],
        productId: 0,
        minimumSecurityVersion: 0,
        acceptedStatuses: ['OK'],
        intelRoot: false,
        softwareRoots: ['00'.repeat(32)],
      }),
    );
    const proxy = start([await serve(), '--policy', 'other.json', '--listen', '127.0.0.1:0']);
    assert.match(await ask(await portOf(proxy)), /502 [^]*ATLS_ROOT_NOT_NAMED/);
    await proxy.until(/✖ ATLS_ROOT_NOT_NAMED: The collateral of the peer leads to no root that the policy names\./);
  });

  test('prints events as lines of JSON, and takes collateral from a file', async () => {
    const server = await serve({}, '');
    const argv = ['--policy', 'policy.json', '--collateral', 'collateral.json', '--listen', 'unix:p.sock', '--json'];
    const proxy = start([server, ...argv]);
    await proxy.until(/"listening"/);
    assert.equal(statSync(join(folder, 'p.sock')).mode & 0o077, 0);
    assert.match(await ask(join(folder, 'p.sock')), /200 OK/);
    await proxy.until(/"closed"/);
    proxy.stop();
    assert.equal((await proxy.ended).code, 0);
    const events = jsonLines(proxy.text());
    assert.deepEqual(
      events.map(({ event }) => event),
      ['listening', 'attested', 'closed', 'ended'],
    );
    assert.deepEqual(events[0], { event: 'listening', address: `unix:${join(folder, 'p.sock')}`, server });
    const { mode, tee, status, root, connection } = events[1] ?? {};
    assert.deepEqual([connection, mode, tee, status, root], [1, 'fresh', 'sgx', 'OK', 'software']);
    assert.deepEqual([events[2]?.['connection'], events[2]?.['sentBytes']], [1, request.length]);
  });

  test('without network, and with a server that sends no collateral, says that there is none', async () => {
    const server = await serve({}, '');
    const proxy = start([server, ...plainly, '--offline', '--cache', 'empty']);
    assert.match(await ask(await portOf(proxy)), /502 [^]*ENDORSEMENTS_/);
  });

  test('listens on this machine alone, unless it is told to, and then warns', async () => {
    const server = await serve();
    const refused = start([server, '--policy', 'policy.json', '--listen', '0.0.0.0:0']);
    assert.equal((await refused.ended).code, 2);
    assert.match(
      refused.text(),
      /✖ ATLS_PROXY_ADDRESS: 0\.0\.0\.0 is not a loopback address, so other machines could reach it\./,
    );
    const exposed = start([server, '--policy', 'policy.json', '--listen', '0.0.0.0:0', '--expose']);
    await exposed.until(/listening at http:\/\/0\.0\.0\.0:\d+/);
    assert.match(exposed.text(), /⚠ Other machines can reach the proxy\. What they send to it is not encrypted/);
  });

  test('refuses a wrong command line and a wrong policy before it listens', async () => {
    for (const [argv, said] of [
      [['vault.example', '--policy', 'policy.json'], /SERVER is HOST:PORT, such as vault\.example:8443/],
      [['a:1'], /--policy FILE is missing/],
      [['a:1', '--policy', 'absent.json'], /CLI_FILE_UNREADABLE/],
      [['a:1', '--policy', 'collateral.json'], /CLI_POLICY_INVALID/],
      [['a:1', '--policy', 'policy.json', '--listen', '8080'], /--listen is HOST:PORT or unix:PATH/],
      [['a:1', '--policy', 'policy.json', '--collateral', 'c.json', '--fetch'], /do not combine it with --collateral/],
    ] as const) {
      const proxy = start(argv);
      assert.equal((await proxy.ended).code, 2, proxy.text());
      assert.match(proxy.text(), said);
    }
  });
});

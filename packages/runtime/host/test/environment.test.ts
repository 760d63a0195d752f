import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { fromEnvironment, platformFromEnvironment } from '../src/index.ts';

test('an address to listen at that is not an IP address is refused before anything is read', async () => {
  for (const address of ['', 'localhost', '*', '0.0.0.0:8080', '300.0.0.1']) {
    await assert.rejects(fromEnvironment({ ENCLOS_LISTEN_ADDRESS: address, ENCLOS_IMAGE: '/nowhere' }), (error) => {
      assert.ok(isEnclosError(error, 'HOST_ENVIRONMENT_MISSING'));
      assert.equal(error.message, 'ENCLOS_LISTEN_ADDRESS must be an IP address, such as 127.0.0.1 or 0.0.0.0.');
      return true;
    });
  }
});

test('an IP address is taken: what is missing is the enclave', async () => {
  for (const address of ['127.0.0.1', '0.0.0.0', '::', '10.1.2.3']) {
    const environment = fromEnvironment({ ENCLOS_LISTEN_ADDRESS: address });
    await assert.rejects(environment, /ENCLOS_IMAGE is not set/);
  }
});

const index = new URL('../src/index.js', import.meta.url).href;

/** A host program of its own, whose platform is not there. */
function hostWithoutPlatform(t: TestContext, variables: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-host-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const code = `const { fromEnvironment } = await import(${JSON.stringify(index)}); await fromEnvironment();`;
  const env = { ENCLOS_IMAGE: file, ENCLOS_SIGNATURE: file, ENCLOS_PLATFORM: join(folder, 'p.sock'), ...variables };
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number, said }));
  return { socketPath: env.ENCLOS_PLATFORM, ended };
}

test('a platform that does not come is waited for, which is said once, and then an error with a code', async (t) => {
  const host = hostWithoutPlatform(t, { ENCLOS_PLATFORM_WAIT: '1' });
  const since = performance.now();
  const { exitCode, said } = await host.ended;
  assert.ok(performance.now() - since >= 1000);
  assert.notEqual(exitCode, 0);
  const reason = `No platform answers at ${host.socketPath}: there is no such file.`;
  assert.equal(said.split('\n')[0], `Waiting up to 1 s for the platform. ${reason}`);
  assert.equal(said.split('Waiting').length, 2);
  assert.match(said, /TEE_PLATFORM_UNREACHABLE/);
  assert.ok(said.includes(`${reason} It did not come within 1 s.`), said);
});

test('a platform is not waited for when the variable says so', async (t) => {
  const { said } = await hostWithoutPlatform(t, { ENCLOS_PLATFORM_WAIT: '0' }).ended;
  assert.match(said, /TEE_PLATFORM_UNREACHABLE/);
  assert.doesNotMatch(said, /Waiting|did not come/);
});

test('a wait that is not a number of seconds up to an hour is refused', async (t) => {
  for (const wait of ['', '-1', '1.5', '3601', '30s']) {
    const { said } = await hostWithoutPlatform(t, { ENCLOS_PLATFORM_WAIT: wait }).ended;
    assert.match(said, /ENCLOS_PLATFORM_WAIT must be a whole number of seconds, from 0 to 3600\./);
  }
});

test('the platform alone needs no image, and refuses what the whole refuses', async () => {
  const platform = { ENCLOS_PLATFORM: '/nonexistent/p.sock', ENCLOS_PLATFORM_WAIT: '0' };
  await assert.rejects(platformFromEnvironment(platform), { code: 'TEE_PLATFORM_UNREACHABLE' });
  const missing = { code: 'HOST_ENVIRONMENT_MISSING' };
  await assert.rejects(platformFromEnvironment({}), missing);
  await assert.rejects(platformFromEnvironment({ ...platform, ENCLOS_ISOLATION: 'some' }), missing);
  await assert.rejects(platformFromEnvironment({ ...platform, ENCLOS_LISTEN_ADDRESS: 'here' }), missing);
});

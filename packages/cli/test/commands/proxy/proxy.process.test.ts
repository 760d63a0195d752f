import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { temporaryFolder } from '../../cli.ts';
import { startCli } from '../../running-cli.ts';
import { ask, request, serve, serveSilence, writeInputs } from './scene.ts';

const folder = temporaryFolder();
const socket = join(folder, 'p.sock');
const start = (server: string): ReturnType<typeof startCli> =>
  startCli(['proxy', server, '--policy', 'policy.json', '--listen', 'unix:p.sock', '--json'], {
    cwd: folder,
    state: folder,
  });

before(() => writeInputs(folder));

test('enclos proxy leaves a socket when it is killed, which the next one takes and removes on SIGTERM, with a client attesting', async () => {
  const first = start(await serve());
  await first.until(/"listening"/);
  first.child.kill('SIGKILL');
  await first.ended;
  assert.ok(statSync(socket).isSocket());
  const second = start(await serveSilence());
  await second.until(/"listening"/);
  const client = connect(socket).on('error', () => undefined);
  await once(client, 'connect');
  client.write(request);
  const from = performance.now();
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0);
  // Well below the five seconds that connections with traffic have.
  assert.ok(performance.now() - from < 4000);
  assert.match(second.text(), /"ended"/);
  assert.throws(() => statSync(socket), { code: 'ENOENT' });
  await assert.rejects(ask(socket), /ENOENT|ECONNREFUSED/);
});

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadProject } from '@enclos/build';
import { programFile } from '@enclos/testkit';
import { isProgramFile, loneProject } from '../../src/project/lone-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-lone-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'My Server_2');
writeFileSync(path, programFile({}));
writeFileSync(join(folder, 'text'), 'text');

test('a program is told from a folder, and from other files', async () => {
  assert.equal(await isProgramFile(path), true);
  for (const other of [folder, join(folder, 'text'), join(folder, 'none')]) {
    assert.equal(await isProgramFile(other), false);
  }
});

test('its project is a debug enclave with a private network, as the words say, and goes away', async () => {
  const words = { listen: ['web=8080', 'admin=0.0.0.0:9090'], connect: ['db=db.example:5432'], args: ['-v'] };
  const lone = await loneProject(path, words);
  const project = await loadProject(lone.folder);
  assert.equal(project.name, 'my-server-2');
  assert.equal(project.debug, true);
  assert.deepEqual(project.program?.network, 'private');
  assert.deepEqual(project.program?.arguments, ['-v']);
  assert.deepEqual(
    project.listen.map(({ name, port }) => [name, port]),
    [
      ['web', 8080],
      ['admin', 9090],
    ],
  );
  assert.deepEqual(
    project.connect.map(({ name, host, port }) => [name, host, port]),
    [['db', 'db.example', 5432]],
  );
  assert.deepEqual(lone.hostArguments, ['--listen', 'web=8080', '--listen', 'admin=0.0.0.0:9090']);
  assert.deepEqual(readFileSync(join(lone.folder, 'program')), readFileSync(path));
  await lone.remove();
  assert.equal(existsSync(lone.folder), false);
});

for (const [what, words] of [
  ['without a name', { listen: ['8080'] }],
  ['at a Unix socket', { listen: ['web=/run/web'] }],
  ['twice', { listen: ['web=8080', 'web=8081'] }],
  ['without a host', { connect: ['db=5432'] }],
  ['at any port', { listen: ['web=0'] }],
] as const) {
  test(`a connection ${what} is refused`, async () => {
    await assert.rejects(loneProject(path, { listen: [], connect: [], args: [], ...words }), { code: 'CLI_USAGE' });
  });
}

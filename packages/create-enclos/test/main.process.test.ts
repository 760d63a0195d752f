import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProgram, type Ran } from '@enclos/testkit';

// From packages/create-enclos/dist/test.
const bin = fileURLToPath(new URL('../../bin/create-enclos.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'create-enclos-'));
after(() => rmSync(folder, { recursive: true }));

/** Starts it as npm does, which says its name and version in the environment. */
const create = (argv: readonly string[], agent = 'npm/11.6.0 node/v24.11.0 linux x64'): Promise<Ran> =>
  startProgram([process.execPath, bin, ...argv], { cwd: folder, env: { npm_config_user_agent: agent } }).ended;

test('makes a project, and ends with the next commands', async () => {
  const { code, stdout, stderr } = await create(['notes']);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /✔ made notes: \d+ files\n\nNext:\n {2}cd notes\n {2}npm install\n {2}npm start\n\n⚠ This command runs from the repository,/,
  );
  assert.ok(existsSync(join(folder, 'notes/src/notes.enclave.ts')));
});

test('takes a template, and names the package manager that runs it', async () => {
  const { stdout } = await create(
    ['sub/notary', '--template', 'service'],
    'pnpm/10.25.0 npm/? node/v20.19.0 linux x64',
  );
  assert.match(stdout, /\n {2}cd sub\/notary\n {2}pnpm install\n {2}pnpm start\n\n⚠ /);
  const { scripts } = JSON.parse(readFileSync(join(folder, 'sub/notary/package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.ok('client' in scripts);
});

test('without a name it prints how to call it, and asks nothing', async () => {
  const { code, stdout, stderr } = await create([]);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /^Makes a project: .*\n\n {2}npm create enclos NAME \[-- --template KIND\]\n/);
  const help = await create(['--help']);
  assert.deepEqual([help.code, help.stdout], [0, stderr]);
  assert.match(stderr, /--template KIND {3}app, service, .*; app without it\n/);
});

test('a wrong name, and a folder with content, are refused as by enclos new', async () => {
  const wrong = await create(['Notes']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /CLI_USAGE: "Notes" cannot name an enclave/);
  const taken = await create(['notes']);
  assert.match(taken.stderr, /CLI_FOLDER_NOT_EMPTY/);
});

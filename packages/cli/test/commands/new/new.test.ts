import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { npmTemplates } from '../../../src/commands/new/create-project.ts';
import { readVersion } from '../../../src/files/version.ts';
import { enclos, errorOf, newProject, repository, temporaryFolder } from '../../cli.ts';

const files = [
  '.gitignore',
  'README.md',
  'enclave.json',
  'package.json',
  'src/my-vault.edl.ts',
  'src/my-vault.enclave.ts',
  'src/host.ts',
  'test/my-vault.test.ts',
  'tsconfig.enclave.json',
  'tsconfig.json',
];

test('writes the files of the template under the new name, and says three next commands', async () => {
  const cwd = temporaryFolder();
  const ran = await enclos(['new', 'my-vault'], { cwd });
  assert.equal(ran.code, 0);
  const [next, warning] = ran.stdout.split('\n⚠ ');
  assert.equal(next, '✔ made my-vault: 10 files\n\nNext:\n  cd my-vault\n  npm install\n  npm start\n');
  // These tests run from the repository: npm would look in the registry for what may not be there.
  assert.equal(
    warning,
    'This command runs from the repository, and npm will ask the registry for its packages.\n' +
      `  To use those of the repository, run "npm run packages" there, and make the project with --from ${repository}.packages\n`,
  );
  const listed = readdirSync(join(cwd, 'my-vault'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(listed.filter((name) => name !== 'src' && name !== 'test').sort(), files.toSorted());
  for (const name of files) {
    const text = readFileSync(join(cwd, 'my-vault', name), 'utf8');
    assert.doesNotMatch(text, /greeter[-_]app/, name);
  }
  assert.match(readFileSync(join(cwd, 'my-vault/src/my-vault.edl.ts'), 'utf8'), /name: 'my_vault'/);
});

test('the host program of each template shows what the enclave logs', async () => {
  for (const template of npmTemplates) {
    const cwd = temporaryFolder();
    assert.equal((await enclos(['new', 'vault', '--template', template], { cwd })).code, 0);
    const host = readFileSync(join(cwd, 'vault/src/host.ts'), 'utf8');
    assert.ok(host.includes('  onLog: (_level, text) => console.error(`enclave: ${text}`),\n'), template);
  }
});

test('the template in Go has Go files alone, and says its own next commands', async () => {
  const cwd = temporaryFolder();
  const ran = await enclos(['new', 'my-vault', '--template', 'go'], { cwd });
  assert.equal(ran.stdout, '✔ made my-vault: 7 files\n\nNext:\n  cd my-vault\n  enclos go test\n  enclos go run\n');
  const listed = readdirSync(join(cwd, 'my-vault')).toSorted();
  const expected = ['.gitignore', 'README.md', 'ballot.go', 'ballot_test.go', 'enclave.json', 'go.mod', 'main.go'];
  assert.deepEqual(listed, expected);
  for (const name of listed) assert.doesNotMatch(readFileSync(join(cwd, 'my-vault', name), 'utf8'), /greeter/, name);
  const refused = await enclos(['new', 'other', '--template', 'go', '--from', cwd], { cwd });
  assert.deepEqual([refused.code, /--from is for templates in TypeScript/.test(refused.stderr)], [2, true]);
});

test('--json tells what was written', async () => {
  const cwd = temporaryFolder();
  const { name, folder, files: written } = (await enclos(['new', 'sub/vault', '--yes', '--json'], { cwd })).json();
  assert.deepEqual([name, folder], ['vault', join(cwd, 'sub/vault')]);
  assert.ok(Array.isArray(written) && written.includes('src/vault.enclave.ts'));
});

test('an empty folder is used, one with content is refused and left alone', async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, 'empty'));
  assert.equal((await enclos(['new', 'empty'], { cwd })).code, 0);
  mkdirSync(join(cwd, 'full'));
  writeFileSync(join(cwd, 'full', 'mine.txt'), 'mine');
  const ran = await enclos(['new', 'full', '--json'], { cwd });
  assert.equal(ran.code, 2);
  assert.equal(errorOf(ran).code, 'CLI_FOLDER_NOT_EMPTY');
  assert.deepEqual(readdirSync(join(cwd, 'full')), ['mine.txt']);
});

test('a name that no enclave can have is refused', async () => {
  for (const name of ['Vault', '1st', 'a_b', 'ü', 'a'.repeat(64)]) {
    const ran = await enclos(['new', name], { cwd: temporaryFolder() });
    assert.equal(ran.code, 2, name);
    assert.match(ran.stderr, /CLI_USAGE: .* cannot name an enclave/);
  }
});

for (const template of npmTemplates) {
  test(`the template ${template} asks for the versions of this release`, async () => {
    const manifest = JSON.parse(
      readFileSync(join(repository, 'packages/cli/templates', template, 'package.json'), 'utf8'),
    ) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    const version = await readVersion();
    for (const [name, wanted] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      if (name.startsWith('@enclos/')) assert.equal(wanted, version, name);
    }
  });

  test(`a new ${template} has its own name everywhere, and passes its own type check`, async () => {
    const folder = await newProject('typed', ['--template', template]);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      assert.doesNotMatch(`${path} ${readFileSync(path, 'utf8')}`, /greeter[-_]app/, path);
    }
    // Throws with the compiler's output when it fails.
    execFileSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc')], { cwd: folder });
  });
}

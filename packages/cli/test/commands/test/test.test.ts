import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findTests } from '../../../src/project/bundle-tests.ts';
import { enclos, newProject, temporaryFolder } from '../../cli.ts';

const folder = await newProject('tested');

function write(path: string, text = ''): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test('the tests of a project: every file of that name below test, or those that are named', async () => {
  const [first, plain] = [join(folder, 'test/tested.test.ts'), write('test/deep/plain.test.mjs')];
  write('test/helper.ts');
  write('test/node_modules/other/other.test.js');
  const elsewhere = write('checks/late.test.mts');
  const named = write('checks/by-hand.ts');
  assert.deepEqual(await findTests(folder, []), [plain, first]);
  assert.deepEqual(await findTests(folder, [join(folder, 'checks'), named, named]), [named, elsewhere]);
});

test('a project without tests is told where they are looked for, and starts nothing', async () => {
  const state = join(temporaryFolder(), 'state');
  const bare = await newProject('bare');
  rmSync(join(bare, 'test'), { recursive: true });
  const ran = await enclos(['test', '--state', state], { cwd: bare });
  assert.equal(ran.code, 2);
  assert.match(
    ran.stderr,
    /^✖ CLI_TESTS_MISSING: There is no test in test of \S+\/bare\.\n[^]*next: .*`enclos test FILE`/,
  );
  const absent = await enclos(['test', 'test/absent.test.ts', '--project', folder, '--json'], { cwd: folder });
  assert.equal(absent.code, 2);
});

test('a test outside the project is refused: its packages would be others', async () => {
  const other = join(temporaryFolder(), 'other.test.ts');
  writeFileSync(other, '');
  const ran = await enclos(['test', other], { cwd: folder });
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /✖ CLI_TESTS_MISSING: \S+\/other\.test\.ts is outside the project \S+\/tested\./);
});

test('a test that is not TypeScript is shown where it is wrong, before a platform starts', async () => {
  const wrong = write('test/wrong.test.ts', 'const ü = ;\n');
  try {
    const ran = await enclos(['test', '--state', '/nonexistent'], { cwd: folder });
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, /test\/wrong\.test\.ts:1:11\n.* │ const ü = ;\n.* │ {11}\^\n/);
    assert.match(ran.stderr, /✖ BUILD_FAILED: The tests could not be bundled\./);
  } finally {
    rmSync(wrong);
  }
});

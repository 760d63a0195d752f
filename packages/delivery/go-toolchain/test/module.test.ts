import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { failsWith } from '@enclos/testkit';
import { carriedFolder } from '../src/index.ts';
import { readModule } from '../src/module.ts';

const carried = carriedFolder();
const replacements =
  'replace enclos.invalid/sdk => ./.enclos-go/go\nreplace github.com/edgelesssys/ego => ./.enclos-go/ego\n';

function moduleOf(t: TestContext, goMod: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'enclos-module-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'go.mod'), goMod);
  return folder;
}

const goModOf = (t: TestContext, goMod: string): string => readModule(moduleOf(t, goMod), carried).goMod;

test('a module gets replacements for what Enclos carries, and loses its own ones', (t) => {
  const own =
    'module a\n\nreplace enclos.invalid/sdk => ../sdk\n\nreplace (\n\tgithub.com/edgelesssys/ego v1.2.3 => ../ego\n\tb => ../b\n)\n';
  assert.equal(goModOf(t, own), `module a\n\n\nreplace (\n\tb => ../b\n)\n\n${replacements}`);
});

test('what an older EGo required is left out, where EGo is all that is required', (t) => {
  const head = 'module a\n\ngo 1.18\n\nrequire github.com/edgelesssys/ego v1.4.3\n';
  const indirect =
    '\nrequire (\n\tgolang.org/x/crypto v0.19.0 // indirect\n\tgopkg.in/square/go-jose.v2 v2.6.0 //indirect\n)\n';
  assert.equal(goModOf(t, head + indirect), `${head}\nrequire (\n)\n\n${replacements}`);
  const single = 'require golang.org/x/crypto v0.19.0 // indirect\nexclude (\n\tc v1.0.0 // indirect\n)\n';
  assert.equal(goModOf(t, head + single), `${head}exclude (\n\tc v1.0.0 // indirect\n)\n\n${replacements}`);
});

test('a module that requires others keeps what it says of them', (t) => {
  for (const other of ['require b v1.0.0', 'require (\n\tb v1.0.0\n)']) {
    const own = `module a\nrequire github.com/edgelesssys/ego v1.4.3\n${other}\nrequire c v1.0.0 // indirect\n`;
    assert.equal(goModOf(t, own), `${own}\n${replacements}`);
  }
  const none = 'module a\nrequire c v1.0.0 // indirect\n';
  assert.equal(goModOf(t, none), `${none}\n${replacements}`);
});

test('the carried modules are shown inside the module, without their tests', (t) => {
  const folder = moduleOf(t, 'module a\n');
  mkdirSync(join(folder, 'sub'));
  const { root, shown } = readModule(join(folder, 'sub'), carried);
  assert.equal(root, folder);
  const paths = [...shown.keys()];
  assert.ok(paths.includes(join(folder, '.enclos-go/ego/enclave/remote.go')));
  assert.ok(paths.includes(join(folder, '.enclos-go/go/enclave/report.go')));
  assert.ok(!paths.some((path) => path.endsWith('_test.go')));
  // A folder that is only shown has no place for the assembler to run in.
  assert.ok(!paths.some((path) => path.endsWith('.s')));
  assert.match(
    readFileSync(shown.get(join(folder, '.enclos-go/ego/go.mod')) ?? '', 'utf8'),
    /^module github\.com\/edgelesssys\/ego\n/,
  );
  assert.throws(() => readModule('/', carried), failsWith('GO_BUILD_FAILED'));
});

// Plants what the check of Go files must catch.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const tool = fileURLToPath(new URL('../go.mjs', import.meta.url));
const base = mkdtempSync(join(tmpdir(), 'enclos-go-check-'));
after(() => rmSync(base, { recursive: true }));

/** What the check says of a repository with these files. */
function check(files) {
  rmSync(join(base, 'sdk'), { recursive: true, force: true });
  for (const [path, content] of Object.entries({ 'sdk/go/go.mod': 'module planted\n\ngo 1.21\n', ...files })) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), content);
  }
  const { status, stdout } = spawnSync(process.execPath, [tool, base], { encoding: 'utf8' });
  return { status, stdout };
}

const good = 'package planted\n\nfunc Two() int { return 2 }\n';
const skip = existsSync('/usr/lib/go-1.24/bin/go')
  ? false
  : 'needs Go 1.24 (apt-get install golang-1.24-go golang-1.24-src)';

test('good files pass', { skip }, () => {
  const { status, stdout } = check({ 'sdk/go/two.go': good });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /go: 1 files, 1 modules, 0 problems/);
});

for (const { what, files, message } of [
  {
    what: 'a file that is not formatted',
    files: { 'sdk/overlay/net/two.go': 'package net\nfunc  Two() int{return 2}\n' },
    message: /gofmt -l/,
  },
  {
    what: 'what vet finds',
    files: { 'sdk/go/two.go': `${good}\nfunc Bad() { for { } ; println("%d") }\n` },
    message: /in sdk\/go/,
  },
  {
    what: 'a test that fails',
    files: {
      'sdk/go/two.go': good,
      'sdk/go/two_test.go':
        'package planted\n\nimport "testing"\n\nfunc TestTwo(t *testing.T) { t.Error("planted") }\n',
    },
    message: /planted/,
  },
]) {
  test(`${what} is found`, { skip }, () => {
    const { status, stdout } = check(files);
    assert.equal(status, 1);
    assert.match(stdout, message);
  });
}

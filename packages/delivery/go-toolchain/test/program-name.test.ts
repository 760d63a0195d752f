import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { failsWith } from '@enclos/testkit';
import { programName } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'enclos-name-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** What `go build` says it would write: `go list -f '{{.Target}}'`, and `go help build` for files. */
const cases: readonly (readonly [module: string, within: string, parameters: readonly string[], name: string])[] = [
  ['example.com/server', '.', ['.'], 'server'],
  ['example.com/server', '.', [], 'server'],
  ['example.com/server', '.', ['-v', './cmd/tool'], 'tool'],
  ['example.com/server', 'cmd/tool', ['.'], 'tool'],
  ['example.com/server/v2', '.', ['.'], 'server'],
  ['"quoted"', '.', ['.'], 'quoted'],
  ['sample', 'client', ['..'], 'sample'],
  ['sample', '.', ['example.com/other/tool'], 'tool'],
  ['server', '.', ['ra_client/client.go', 'more.go'], 'client'],
  ['v2', '.', ['.'], 'v2'],
];

for (const [module, within, parameters, name] of cases) {
  test(`${module} in ${within} with ${parameters.join(' ')} is ${name}`, () => {
    writeFileSync(join(folder, 'go.mod'), `// A module.\nmodule ${module}\n\ngo 1.21\n`);
    mkdirSync(join(folder, within), { recursive: true });
    assert.equal(programName({ folder: join(folder, within), parameters }), name);
  });
}

test('needs a module', () => {
  assert.throws(() => programName({ folder: '/', parameters: [] }), failsWith('GO_BUILD_FAILED'));
});

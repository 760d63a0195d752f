import assert from 'node:assert/strict';
import { test } from 'node:test';

import { packagesOf } from '../../src/node/trusted-base.ts';
import { withProject } from '../project-folder.ts';

test('packagesOf() names the packages of modules once, and not the project itself', async () => {
  const files = {
    'package.json': '{"name":"app","version":"1.0.0"}',
    'deps/b/package.json': '{"name":"b","version":"2.0.0"}',
    'deps/b/dist/package.json': '{"type":"module"}',
    'deps/@s/a/package.json': '{"name":"@s/a","version":"3.0.0"}',
  };
  await withProject(files, async ({ folder }) => {
    const modules = ['src/host.ts', 'deps/b/dist/x.js', 'deps/b/y.js', 'deps/@s/a/z.js'].map((path) => ({ path }));
    assert.deepEqual(await packagesOf(folder, modules), [
      { name: '@s/a', version: '3.0.0' },
      { name: 'b', version: '2.0.0' },
    ]);
  });
});

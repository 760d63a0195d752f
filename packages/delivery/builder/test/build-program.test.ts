import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { toHex } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import { interfaceDigest, isProgramManifest, programInterface, readImage } from '@enclos/manifest';
import { programFile, programSegments } from '@enclos/testkit';
import { buildEnclave } from '../src/build-enclave.ts';
import { encodeBuildReport, parseBuildReport } from '../src/build-report.ts';
import { BuildError } from '../src/diagnostic.ts';
import { inspectFile, type InspectNode } from '../src/inspect/index.ts';
import { loadProject, parseProject } from '../src/project/project.ts';
import { minimalManifest, withProject } from './project-folder.ts';

const manifest = {
  ...minimalManifest,
  program: { file: 'bin/server', arguments: ['-v'] },
  listen: [{ name: 'https', port: 8443 }],
  mounts: [
    { target: '/', type: 'memfs' },
    { target: '/data', type: 'hostfs' },
  ],
};

/** A project whose program is this file. */
async function withProgram<R>(
  program: Uint8Array,
  use: (folder: string) => Promise<R>,
  json: object = manifest,
): Promise<R> {
  return withProject({ 'enclave.json': JSON.stringify(json), 'bin/server': '' }, async ({ folder }) => {
    writeFileSync(join(folder, 'bin/server'), program);
    return use(folder);
  });
}

const toolchain = { name: 'Go', version: '1.24.4', inputs: [{ name: 'overlay', sha256: 'ab'.repeat(32) }] };

test('the image of a program holds the program, and its manifest says how it runs', async () => {
  const program = programFile();
  await withProgram(program, async (folder) => {
    const built = await buildEnclave(await loadProject(folder), { toolchain });
    const image = readImage(built.image);
    assert.deepEqual(image.bundle, program);
    assert.ok(isProgramManifest(image.manifest));
    assert.deepEqual(image.manifest.program, {
      architecture: 'linux-x64',
      network: 'declared',
      arguments: ['-v'],
      output: 'log',
    });
    assert.deepEqual(image.manifest.interfaceDigest, interfaceDigest(programInterface));
    assert.deepEqual(
      image.manifest.mounts.map(({ target, kind }) => [target, kind]),
      [
        ['/', 'memory'],
        ['/data', 'host'],
      ],
    );
    assert.equal(createHash('sha256').update(readFileSync(built.paths.image)).digest('hex'), toHex(built.mrEnclave));
    assert.deepEqual(readdirSync(join(folder, '.enclos')).sort(), ['demo.report.json', 'demo.sgxs']);
    assert.deepEqual(built.sourceMap, undefined);
    assert.ok(built.inputs.includes(join(folder, 'bin/server')));
    assert.deepEqual(parseBuildReport(readFileSync(built.paths.report)), built.report);
    const again = await buildEnclave(await loadProject(folder));
    assert.deepEqual(again.mrEnclave, built.mrEnclave);
  });
});

test('a program may serve an interface, and then has its digest', async () => {
  await withProgram(
    programFile(),
    async (folder) => {
      const { manifest: built } = await buildEnclave(await loadProject(folder));
      assert.notDeepEqual(built.interfaceDigest, interfaceDigest(programInterface));
    },
    { ...manifest, interface: 'src/demo.edl.ts' },
  );
});

test('a program that breaks a rule is refused, with the file and the rule', async () => {
  const { code, data } = programSegments;
  for (const [program, rule] of [
    [programFile({ segments: [code, data] }), 'stack'],
    [Buffer.from('#!/bin/sh\n'), 'format'],
  ] as const) {
    await withProgram(program, async (folder) => {
      await assert.rejects(
        buildEnclave(await loadProject(folder)),
        (error) =>
          isEnclosError(error, 'PROGRAM_REFUSED') &&
          error.details['rule'] === rule &&
          error.message.startsWith('bin/server of the project: '),
      );
    });
  }
});

test('inspecting the image shows the program, its network and what made it', async () => {
  await withProgram(
    programFile(),
    async (folder) => {
      const built = await buildEnclave(await loadProject(folder), { toolchain });
      const report = await inspectFile(built.paths.image);
      const lines = (nodes: readonly InspectNode[]): readonly string[] =>
        nodes.flatMap(({ label, value, note, children }) => [
          [label, value, note].filter((part) => part !== undefined).join(' | '),
          ...lines(children ?? []),
        ]);
      const text = lines(report.nodes).join('\n');
      assert.match(text, /^machine \| linux-x64$/m);
      assert.match(text, /^network \| any \| .* ANY address/m);
      assert.match(text, /^argument 1 \| "-v"$/m);
      assert.match(text, /^made by \| Go 1\.24\.4$/m);
      assert.match(text, /^overlay \| SHA-256 abab/m);
      assert.doesNotMatch(text, /interpreter Node/);
    },
    { ...manifest, program: { ...manifest.program, network: 'any' } },
  );
});

test('the report of a program is read as it was written, or not at all', () => {
  const report = {
    version: 1,
    name: 'demo',
    mrEnclave: '00'.repeat(32),
    bundleSha256: '11'.repeat(32),
    bundleBytes: 1,
    packages: [],
    program: { architecture: 'linux-x64' },
    trustedFiles: [],
  } as const;
  assert.deepEqual(parseBuildReport(Buffer.from(encodeBuildReport(report))), report);
  for (const wrong of [
    { ...report, bundler: {} },
    { ...report, program: {} },
    { ...report, toolchain: { name: 'Go' } },
  ]) {
    assert.equal(parseBuildReport(Buffer.from(JSON.stringify(wrong))), undefined);
  }
});

describe('enclave.json of a program', () => {
  const problems = (changes: object): readonly string[] => {
    try {
      parseProject('/p', JSON.stringify({ ...manifest, ...changes }));
      return [];
    } catch (error) {
      assert.ok(error instanceof BuildError);
      return error.diagnostics.map(({ text }) => text);
    }
  };
  const program = { file: 'server' };
  const isPrivate = { ...program, network: 'private' };

  test('needs the file and nothing else', () => {
    const { program: found } = parseProject('/p', JSON.stringify({ ...minimalManifest, program }));
    assert.deepEqual(found, { file: 'server', network: 'declared', arguments: [], output: 'log', hasInterface: false });
  });

  for (const [what, changes, text] of [
    ['a main module', { main: 'src/x.ts' }, /"main" is for enclaves that are modules/],
    ['empty modules', { absent: ['x'] }, /"absent" is for enclaves that are modules/],
    ['a private network and files', { program: isPrivate, files: [] }, /it has no "files"/],
    ['a private network and an interface', { program: isPrivate, interface: 'src/x.edl.ts' }, /it has no "interface"/],
    ['a private network and a mount', { program: isPrivate, mounts: [] }, /it has no "mounts"/],
    [
      'a private network and a passed connection',
      { program: isPrivate, listen: [{ name: 'web', port: 8080, transport: 'passed' }] },
      /none is passed/,
    ],
    [
      'a private network and a port that takes a privilege',
      { program: isPrivate, listen: [{ name: 'web', port: 443 }] },
      /may not take a port below 1024/,
    ],
    [
      'a private network and one place for two destinations',
      {
        program: isPrivate,
        connect: [
          { name: 'a', host: 'db.example', port: 5432 },
          { name: 'b', host: 'DB.example', port: 5432 },
        ],
      },
      /another destination is at db.example:5432 too/,
    ],
    ['listeners without a network', { program: { ...program, network: 'none' } }, /declares no listeners/],
    ['a root of the host', { mounts: [{ target: '/', type: 'hostfs' }] }, /only as "memfs"/],
    [
      'an embedded file that its host could replace',
      { mounts: [{ target: '/etc', type: 'hostfs' }], files: [{ source: 'ca.pem', target: '/etc/ssl/ca.pem' }] },
      /inside the mount "\/etc", where the host could give another file/,
    ],
    [
      'a root without a program',
      { program: undefined, mounts: [{ target: '/', type: 'memfs' }] },
      /only a program has \//,
    ],
    ['an argument with a NUL', { program: { ...program, arguments: ['a\0'] } }, /without the character NUL/],
    ['a variable with a NUL', { env: [{ name: 'A', value: 'a\0' }] }, /without the character NUL/],
    ['a file outside', { program: { file: '../server' } }, /expected a path relative to the project folder/],
    ['an unknown member', { program: { ...program, args: [] } }, /unknown key "args" in program/],
  ] as const) {
    test(`with ${what} is refused`, () => assert.match(problems(changes).join('\n'), text));
  }
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { elfFile } from '@enclos/testkit';
import { verifyImage, withImageSource, type Architecture, type BuildImageOptions } from '../src/index.ts';
import { digestOf } from '../src/digest.ts';
import { encodeJson } from '../src/json.ts';
import { mediaTypes } from '../src/oci/documents.ts';
import { createLayoutWriter } from '../src/oci/layout-writer.ts';
import { interpreterLibraries } from '../src/base/interpreter-libraries.ts';
import {
  archive,
  baseArchive,
  buildSample,
  enclave,
  file,
  foreignInterpreter,
  interpreter,
  temporaryFolder,
} from './sample.ts';

const own: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const other: Architecture = own === 'amd64' ? 'arm64' : 'amd64';
const loaders = { amd64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' };
const signed = enclave();

const saved = (bytes: Uint8Array): string => {
  const path = join(temporaryFolder(), 'node');
  writeFileSync(path, bytes);
  return path;
};
/** For the other architecture, which nothing of this machine can be run for. */
const foreign = (changes: Partial<BuildImageOptions> = {}) =>
  buildSample(signed, { architecture: other, interpreter: saved(foreignInterpreter), ...changes });

test('an image for another architecture says so, holds its interpreter, and verifies on this one', async () => {
  const built = await foreign();
  assert.equal(built.architecture, other);
  const blob = (digest: string): Buffer => readFileSync(join(built.layout, 'blobs/sha256', digest.slice(7)));
  const config = JSON.parse(blob(built.config).toString()) as { readonly architecture: string };
  assert.equal(config.architecture, other);
  const [, , application] = built.layers.map(({ digest }) => gunzipSync(blob(digest)).toString('latin1'));
  const npm = { amd64: 'linux-x64', arm64: 'linux-arm64' };
  assert.ok(application?.includes(`app/node_modules/node-${npm[other]}/bin/node`));
  assert.ok(!application?.includes(`node-${npm[own]}/bin/node`));
  const verified = await withImageSource(built.layout, (source) => verifyImage(source, { architecture: own }));
  assert.equal(verified.architecture, other);
  assert.equal((await foreign()).descriptor.digest, built.descriptor.digest);
  assert.notEqual((await buildSample(signed)).descriptor.digest, built.descriptor.digest);
});

test('the interpreter of one architecture is not put into an image for another', async () => {
  await assert.rejects(foreign({ interpreter: saved(interpreter) }), { code: 'INTERPRETER_MISMATCH' });
  await assert.rejects(buildSample(signed, { interpreter: saved(foreignInterpreter) }), {
    code: 'INTERPRETER_MISMATCH',
  });
});

test('a base for one architecture is not taken for another', async () => {
  const unusable = { code: 'OCI_BASE_UNUSABLE', message: /another architecture/ };
  for (const place of ['lib64', 'usr/lib/aarch64-linux-gnu']) {
    const path = await baseArchive([file(`${place}/${loaders[own]}`, 'x')]);
    await assert.rejects(foreign({ base: { path } }), unusable);
    await buildSample(signed, { base: { path } });
  }
  const both = [file(`lib/${loaders.arm64}`, 'x'), file(`lib64/${loaders.amd64}`, 'x')];
  await foreign({ base: { path: await baseArchive(both) } });

  const layoutFor = async (architecture: Architecture, loader: string): Promise<string> => {
    const path = join(temporaryFolder(), 'base.oci');
    const tar = await archive([file(`lib/${loader}`, 'x')]);
    const writer = await createLayoutWriter(path);
    const layers = [await writer.add(tar, mediaTypes.layer)];
    const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
    const config = await writer.add(encodeJson({ architecture, os: 'linux', config: {}, rootfs }), mediaTypes.config);
    const manifest = encodeJson({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers });
    await writer.finish([await writer.add(manifest, mediaTypes.manifest)]);
    return path;
  };
  await foreign({ base: { path: await layoutFor(other, loaders[other]) } });
  await assert.rejects(foreign({ base: { path: await layoutFor(own, loaders[own]) } }), {
    code: 'OCI_BASE_UNUSABLE',
    message: new RegExp(`The base is for linux/${own}`),
  });
  await assert.rejects(foreign({ base: { path: await layoutFor(other, loaders[own]) } }), unusable);
});

test('a Debian for another architecture is not made here', async () => {
  await assert.rejects(foreign({ base: 'debian' }), { code: 'OCI_BASE_UNUSABLE', message: /as a path/ });
});

test('libraries of another architecture come from the folder that was named, with the loader', () => {
  const folder = temporaryFolder();
  const program = saved(foreignInterpreter);
  const machine = other === 'arm64' ? 183 : 62;
  assert.throws(() => interpreterLibraries(program, { architecture: other, folder }), { code: 'OCI_LIBRARY_MISSING' });
  for (const name of [loaders[other], 'libc.so.6']) writeFileSync(join(folder, name), elfFile({ machine }));
  const found = interpreterLibraries(program, { architecture: other, folder });
  assert.deepEqual(
    found.map(({ source }) => source),
    [join(folder, loaders[other]), join(folder, 'libc.so.6')],
  );
  assert.ok(found.every(({ path }) => !path.startsWith(folder)));
  // One of this machine in between.
  const mixed = temporaryFolder();
  writeFileSync(join(mixed, loaders[other]), elfFile({ machine }));
  writeFileSync(join(mixed, 'libc.so.6'), elfFile({ machine: own === 'arm64' ? 183 : 62 }));
  assert.throws(() => interpreterLibraries(program, { architecture: other, folder: mixed }), {
    code: 'OCI_BASE_UNUSABLE',
  });
});

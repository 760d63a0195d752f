import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { toHex, utf8 } from '@enclos/codec';
import { companionScriptPath, readImage } from '@enclos/manifest';
import { sha256 } from '@enclos/sgx/node';
import { elfFile } from '@enclos/testkit';
import { interpreterLibraries, type NeededLibrary } from '../src/base/interpreter-libraries.ts';
import { companionLibraries } from '../src/companion-libraries.ts';
import { bytesContent } from '../src/tar/entry.ts';
import { enclave, interpreter, temporaryFolder } from './sample.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
/** The second is named by the first, and is a file of the companion itself. */
const native = {
  'engine.node': elfFile({ needed: ['librt.so.1', 'libengine.so.1', 'libc.so.6'] }),
  'libengine.so.1': elfFile({ needed: ['librt.so.1'] }),
  'engine.wasm': utf8('no native code'),
};

async function neededByCompanions(): Promise<readonly NeededLibrary[]> {
  const files = Object.entries(native).map(([path, bytes]) => ({
    path,
    sha256: sha256(bytes),
    sizeBytes: BigInt(bytes.length),
  }));
  const settings = { name: 'engine', processes: 1, memoryBytes: 64n * 1024n * 1024n, threads: 1, addons: true };
  const script = { path: companionScriptPath('engine'), content: utf8('() => undefined') };
  const { manifest } = readImage(enclave({ companions: [{ ...settings, files }] }, [script]).image);
  const given = Object.values(native).map((bytes) => ({ path: toHex(sha256(bytes)), content: bytesContent(bytes) }));
  return companionLibraries(given, manifest);
}

test('an image brings the libraries that native files of companions need, with what these need, and no others', async () => {
  const folder = temporaryFolder();
  const libraries = { 'libc.so.6': [], 'librt.so.1': ['libm.so.6', 'libc.so.6'], 'libm.so.6': [], 'libz.so.1': [] };
  for (const [name, needed] of Object.entries(libraries)) writeFileSync(join(folder, name), elfFile({ needed }));
  const program = join(folder, 'node');
  writeFileSync(program, interpreter);
  const more = await neededByCompanions();
  const namesIn = (found: ReturnType<typeof interpreterLibraries>): readonly string[] =>
    found.map(({ path }) => basename(path)).filter((name) => !name.startsWith('ld-'));
  assert.deepEqual(namesIn(interpreterLibraries(program, { architecture, folder })), ['libc.so.6']);
  const all = interpreterLibraries(program, { architecture, folder, more });
  assert.deepEqual(namesIn(all), ['libc.so.6', 'librt.so.1', 'libm.so.6']);
  rmSync(join(folder, 'librt.so.1'));
  assert.throws(() => interpreterLibraries(program, { architecture, folder, more }), {
    code: 'OCI_LIBRARY_MISSING',
    message: /^(?:engine\.node|libengine\.so\.1) needs librt\.so\.1/,
  });
});
